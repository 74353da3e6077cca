// What all pages of the desk share: send a form once, ask before what cannot be undone, shortcuts, revealed parts.

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent || (form.dataset.ask && !window.confirm(form.dataset.ask))) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
  });
}
// A page that comes back from the browser's memory may be sent again (its key makes that harmless).
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-busy");
  }
});

for (const box of document.querySelectorAll("[data-reveals]")) {
  const part = document.getElementById(box.dataset.reveals);
  const show = () => {
    part.hidden = !box.checked;
    for (const input of part.querySelectorAll("input")) input.disabled = !box.checked;
  };
  box.addEventListener("change", () => { show(); if (box.checked) part.querySelector("input")?.focus(); });
  show();
}

function press(target) {
  if (target.tagName === "SUMMARY") {
    const part = target.parentElement;
    part.open = true;
    part.querySelector("input:not([type=hidden]), select, button")?.focus();
    part.scrollIntoView({ block: "nearest" });
  } else {
    target.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const target = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
  if (target && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    press(target);
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const main = document.querySelector("[data-main]");
    if (main) { event.preventDefault(); main.focus(); main.click(); }
  } else if (event.key === "/" && !event.target.closest("input, textarea, select")) {
    const finder = document.querySelector('[data-shortcut-focus="/"]');
    if (finder) { event.preventDefault(); finder.focus(); }
  }
});

document.querySelector("[data-focus]")?.focus();
