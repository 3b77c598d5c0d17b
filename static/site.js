// The pages work without this file. It fills in codes, shows passwords, counts down, warns before a session ends.
"use strict";
const find = (selector, root = document) => root.querySelector(selector);
const hold = (button, on) => { button.ariaDisabled = on ? "true" : null; };

// By the wall clock, since tabs sleep. Spoken only at the moments named in data-at-<seconds>.
const countDown = (box, seconds, done) => {
  const end = Date.now() + seconds * 1000;
  let before = seconds;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    find("[data-left]", box).textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    while (before > left) {
      const words = box.dataset[`at-${--before}`];
      if (words) find("[role=status]", box).textContent = words;
    }
    if (!left) { clearInterval(timer); done(); }
  };
  const timer = setInterval(tick, 1000);
  tick();
  return timer;
};

// The error summary is read first; its links put the cursor into the field.
const problems = find("#problems");
if (problems) {
  problems.onclick = (event) => { if (event.target.hash) { event.preventDefault(); find(event.target.hash)?.focus(); } };
}

// One press, one request; a button that waits does nothing.
addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.defaultPrevented) return;
  if (button.ariaDisabled) return event.preventDefault();
  hold(button, true);
  setTimeout(hold, 15e3, button);
});

// Keyboard and suggestions follow the method.
const follow = () => {
  const kind = find(".confirm [value=sms]:checked") ? "tel" : "email";
  Object.assign(find("#destination"), { inputMode: kind, autocomplete: kind });
};
if (find(".confirm :checked")) { follow(); find(".confirm").onchange = follow; }

// Where the browser offers it and the person agrees, the code comes from the text itself.
const code = find("#code");
if (code) {
  const form = code.form;
  if (!problems && !code.closest("ol") && matchMedia("(pointer: fine)").matches) code.focus(); // not past steps unread
  if (window.OTPCredential && form.dataset.method === "sms") {
    const stop = new AbortController();
    form.addEventListener("submit", () => stop.abort());
    navigator.credentials.get({ otp: { transport: ["sms"] }, signal: stop.signal }).then((sent) => {
      code.value = sent.code;
      form.requestSubmit(find("button", form));
    }).catch(() => {});
  }
  const life = find("[data-count]", form);
  if (life) countDown(life, +life.dataset.count, () => {
    find("[data-running]", life).hidden = true;
    find("[data-over]", life).hidden = false;
  });
  const again = find("#resend");
  if (+again?.form.dataset.count) {
    const rest = find("[data-wait]", again);
    const ready = (yes) => { rest.hidden = yes; hold(again, !yes); };
    ready(false);
    countDown(again.form, +again.form.dataset.count, () => ready(true));
  }
}

// A file that would be refused is better refused before it travels.
const file = find("#file");
if (file) file.onchange = () => {
  const { files: [one], dataset: { most } } = file;
  file.setCustomValidity(!one ? "" : !one.size ? "This file is empty. Choose another one."
    : one.size > most * 1048576 ? `This file is larger than ${most} MB. Choose a smaller one.` : "");
  file.reportValidity();
};

// A password can be looked at while it is typed, and leaves as a password.
for (const input of document.querySelectorAll("[type=password]")) {
  const toggle = Object.assign(document.createElement("button"), { type: "button", className: "button quiet small" });
  const show = (on) => {
    input.type = on ? "text" : "password";
    toggle.textContent = on ? "Hide" : "Show";
    toggle.ariaLabel = `${toggle.textContent} ${input.labels[0].textContent}`;
  };
  toggle.onclick = () => show(input.type === "password");
  input.form.addEventListener("submit", () => show(false));
  show(false);
  input.after(toggle);
}

// Length and variety only: whether a password is easy to guess is for the server to say.
const meter = find("[data-least]");
if (meter) {
  const [seen, said] = meter.querySelectorAll("span");
  let timer;
  find("#password").oninput = ({ target }) => {
    const signs = [...target.value.normalize("NFKC")];
    const missing = meter.dataset.least - signs.length;
    const variety = new Set(signs).size;
    const level = !signs.length ? 0 : missing > 0 ? 1 : variety < 6 ? 2 : missing > -4 || variety < 9 ? 3 : 4;
    meter.dataset.level = level;
    meter.querySelectorAll("i").forEach((bar, at) => { bar.className = at < level ? "on" : ""; });
    seen.textContent = level === 1 ? `${missing} more to go` : meter.dataset[level] ?? "";
    clearTimeout(timer);
    timer = setTimeout(() => { said.textContent = seen.textContent; }, 1000);
  };
  meter.hidden = false;
}

const copier = find("[data-copy]");
if (copier && navigator.clipboard) {
  const told = find("[role=status]", copier.parentNode);
  copier.hidden = false;
  copier.onclick = () => navigator.clipboard.writeText(copier.value)
    .then(() => "Copied", () => "Please copy by hand").then((text) => { told.textContent = text; });
}

const printer = find("[data-print]");
if (printer) { printer.hidden = false; printer.onclick = () => print(); }

// Before the session ends: a warning, one press to stay, in every tab of this portal.
const dialog = find("#timeout");
if (dialog) {
  const { idle, warn, expired } = dialog.dataset;
  const form = find("form", dialog);
  const tabs = new BroadcastChannel(form.action);
  const leave = () => location.replace(expired);
  let timer;
  const restart = () => {
    const end = Date.now() + idle * 1000;
    clearInterval(timer);
    dialog.close();
    timer = setInterval(() => {
      const left = Math.ceil((end - Date.now()) / 1000);
      if (left > warn) return;
      clearInterval(timer);
      dialog.showModal();
      timer = countDown(dialog, Math.max(0, left), leave);
    }, 1000);
  };
  const stay = () => {
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).then((answer) => {
      if (!answer.ok || answer.redirected) return leave();
      tabs.postMessage("");
      restart();
    }).catch(() => {});
  };
  form.onsubmit = dialog.oncancel = (event) => { event.preventDefault(); stay(); };
  let typed = Date.now();
  addEventListener("input", () => { if (Date.now() - typed > 6e4) { typed = Date.now(); stay(); } });
  tabs.onmessage = restart;
  tabs.postMessage("");
  restart();
}
