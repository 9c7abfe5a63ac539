// Keys, ticks and frames of the console. Everything works without this file, only slower.
(() => {
  "use strict";
  const busy = (target) => target instanceof Element && target.closest("input, textarea, select, dialog[open]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    const dialog = document.querySelector("dialog[open]");
    if (event.key === "?" && dialog) { dialog.close(); event.preventDefault(); return; }
    if (busy(event.target)) return;
    // Enter belongs to what has the focus and does something with it; a click into the page only leaves the focus there.
    if (event.key === "Enter" && event.target.closest("a[href], button, summary")) return;
    if (/^[1-9]$/.test(event.key)) {
      const list = document.querySelector("select[data-digits]");
      if (list && list.options[event.key - 1]) { list.selectedIndex = event.key - 1; event.preventDefault(); }
      return;
    }
    for (const one of document.querySelectorAll("[data-key]")) {
      if (one.dataset.key.split(" ").includes(event.key) && !one.disabled) {
        event.preventDefault();
        one.click();
        return;
      }
    }
  });

  document.addEventListener("click", (event) => {
    const element = event.target instanceof Element ? event.target : null;
    const open = element && element.closest("[data-open]");
    if (open) document.getElementById(open.dataset.open).showModal();
    const close = element && element.closest("[data-close]");
    if (close) document.getElementById(close.dataset.close).close();
  });

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.dataset && box.dataset.all) {
      for (const one of box.form.querySelectorAll(`input[name="${box.dataset.all}"]`)) one.checked = box.checked;
    }
    const form = box.closest && box.closest("form[data-autosubmit]");
    if (form) form.requestSubmit();
  });

  // A click into a framed page would take the keys along with it; who goes there by Tab wants to be there.
  let tabbed = false;
  document.addEventListener("keydown", (event) => { tabbed = event.key === "Tab"; }, true);
  document.addEventListener("pointerdown", () => { tabbed = false; }, true);
  window.addEventListener("blur", () => setTimeout(() => {
    const frame = document.activeElement;
    if (!tabbed && frame instanceof HTMLIFrameElement) { frame.blur(); window.focus(); }
  }, 0));

  // Line numbers beside a pack file, a jump to the line that a message names, and a question before changes are lost.
  const area = document.querySelector("textarea[data-editor]");
  if (area) {
    const lines = area.parentElement.querySelector(".lines");
    let shown = 0;
    const number = () => {
      const wanted = area.value.split("\n").length;
      if (wanted !== shown) {
        lines.textContent = Array.from({ length: wanted }, (_, line) => line + 1).join("\n");
        shown = wanted;
      }
      lines.scrollTop = area.scrollTop;
    };
    const jump = (line) => {
      const rows = area.value.split("\n");
      const start = rows.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area.focus();
      area.setSelectionRange(start, start + (rows[line - 1] || "").length);
      area.scrollTop = Math.max(0, (area.scrollHeight / rows.length) * (line - 4));
      area.scrollLeft = 0;
    };
    let changed = false;
    area.addEventListener("input", () => { changed = true; number(); });
    area.addEventListener("scroll", () => { lines.scrollTop = area.scrollTop; });
    document.addEventListener("click", (event) => {
      const there = event.target instanceof Element && event.target.closest("[data-line]");
      if (there) jump(Number(there.dataset.line));
    });
    document.addEventListener("submit", (event) => { if (event.target.matches("[data-leaves]")) changed = false; }, true);
    window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
    number();
    const named = /^#line-(\d{1,6})$/.exec(location.hash);
    if (named) jump(Number(named[1]));
  }

  // A framed page is fetched when somebody looks at it: every look is written down.
  document.addEventListener("toggle", (event) => {
    const frame = event.target.open && event.target.querySelector("iframe[data-src]");
    if (frame) { frame.src = frame.dataset.src; delete frame.dataset.src; }
  }, true);
})();
