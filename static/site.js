// The pages work without this file. It fills in codes, counts down, warns before a session ends.
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
  if (!problems && matchMedia("(pointer: fine)").matches) code.focus();
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
