// The inbox renews itself and copies codes. Without this script it is a list of links like any other.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.querySelector("span");
  const before = label.textContent;
  await navigator.clipboard.writeText(button.dataset.copy);
  label.textContent = "Copied";
  setTimeout(() => { label.textContent = before; }, 1200);
});

const list = document.getElementById("list");
if (list) {
  let tag = `"${list.dataset.tag}"`;
  const ids = () => new Set([...list.querySelectorAll("[data-id]")].map((row) => row.dataset.id));
  const renew = async () => {
    if (document.hidden) return;
    const answer = await fetch(list.dataset.list, { headers: { "If-None-Match": tag }, cache: "no-store" });
    if (answer.status !== 200) return;
    tag = answer.headers.get("ETag");
    const known = ids();
    const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
    list.innerHTML = await answer.text();
    let fresh = 0;
    for (const row of list.querySelectorAll("[data-id]")) {
      if (!known.has(row.dataset.id)) { row.classList.add("new"); fresh += 1; }
      if (row.dataset.id === focused) row.querySelector("a").focus();
    }
    if (fresh) document.getElementById("fresh").textContent = `${fresh} new`;
  };
  setInterval(() => renew().catch(() => {}), 1000);
  document.addEventListener("visibilitychange", () => renew().catch(() => {}));
}

const mail = document.getElementById("mail");
if (mail) {
  const fit = () => {
    const page = mail.contentDocument?.documentElement;
    if (page) mail.style.height = `${Math.min(Math.max(page.scrollHeight + 2, 160), 3000)}px`;
  };
  mail.addEventListener("load", fit);
  addEventListener("resize", fit);
  fit();
}
