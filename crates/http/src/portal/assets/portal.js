// What pages do beyond forms and links: copy a secret, ask before something is gone for good, and look again when the
// server says that something happened. Everything works without it.
(() => {
  "use strict";
  let live = null;

  // One stream for the page in view; what it says is only "look again".
  function listen() {
    const source = document.querySelector("[data-live-from]");
    const from = source ? source.getAttribute("data-live-from") : null;
    if (live && live.from === from) return;
    if (live) live.stream.close();
    live = null;
    if (!from) return;
    const stream = new EventSource(from);
    stream.addEventListener("change", () => {
      document.querySelectorAll("[data-live]").forEach((part) => window.htmx && window.htmx.trigger(part, "live"));
    });
    live = { from, stream };
  }

  function toTheEnd() {
    document.querySelectorAll("[data-newest]").forEach((thread) => {
      const last = thread.lastElementChild;
      if (last) last.scrollIntoView({ block: "nearest" });
    });
  }

  // What is wider than its place is scrolled by the keyboard, too; what is not is no stop on the way.
  function reachable() {
    document.querySelectorAll(".scroll").forEach((part) => {
      if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
      else part.removeAttribute("tabindex");
    });
  }

  // A moment is typed in the visitor's time zone; the server is told which one that is.
  function moments() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    document.querySelectorAll("[data-zone]").forEach((hint) => { hint.textContent = `In your time zone, ${zone}.`; });
    document.querySelectorAll("input[data-moment]").forEach((input) => {
      const at = input.getAttribute("data-at");
      input.removeAttribute("data-at");
      if (!at) return;
      const known = new Date(Number(at) * 1000);
      if (Number.isNaN(known.getTime())) return;
      input.value = new Date(known.getTime() - known.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
    });
  }

  function tellMoments(form) {
    form.querySelectorAll("input[data-moment]").forEach((input) => {
      const told = form.elements[`${input.name}_unix`];
      const at = new Date(input.value).getTime();
      if (told) told.value = Number.isNaN(at) ? "" : String(Math.floor(at / 1000));
    });
  }

  function ready() {
    document.documentElement.classList.add("js");
    listen();
    toTheEnd();
    reachable();
    moments();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.getElementById(button.getAttribute("data-copy"));
    if (!text || !navigator.clipboard) return;
    navigator.clipboard.writeText(text.textContent).then(() => {
      const was = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = was; }, 1500);
    });
  });

  // In the capture phase, before htmx takes the form.
  document.addEventListener("submit", (event) => {
    const question = event.target.getAttribute("data-ask");
    if (question && !window.confirm(question)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    tellMoments(event.target);
  }, true);

  // Enter sends, Shift and Enter begins a line.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (!event.target.matches("textarea[data-enter]")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    listen();
    toTheEnd();
    reachable();
    moments();
    // A page that came without a load is told to who hears it.
    if (event.target === document.body) {
      const main = document.getElementById("main");
      if (main && !document.activeElement.matches("input, textarea, select")) main.focus({ preventScroll: true });
    }
  });
  window.addEventListener("resize", reachable);
  document.addEventListener("DOMContentLoaded", ready);
  if (document.readyState !== "loading") ready();
})();
