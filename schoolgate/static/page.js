/* Small conveniences for every page. Each is a shortcut: without this file all of it works by plain forms and links. */
(() => {
  // A double press sends once: the button rests for a second (the server has its own guard).
  document.addEventListener("submit", event => {
    const button = event.submitter;
    if (button) setTimeout(() => { button.disabled = true; setTimeout(() => { button.disabled = false; }, 1000); });
  });

  // Copy the text that the button names: <button data-copy="#id" hidden>. Shown only here, since it needs script.
  const offerCopy = root => root.querySelectorAll("[data-copy][hidden]").forEach(button => { button.hidden = !navigator.clipboard; });
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
    const said = document.getElementById("said");
    if (said) said.textContent = button.dataset.copied || "";
  });

  // "/" goes to the find box, as long as nobody is typing.
  document.addEventListener("keydown", event => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const box = [...document.querySelectorAll("[data-find]")].find(each => each.offsetParent);
    if (box) { event.preventDefault(); box.focus(); }
  });

  // The head's box ticks the page; Shift ticks a run: <table data-ticks> with one box in the head and one in each row.
  let last = null;
  const boxes = table => [...table.querySelectorAll("tbody .sg-ck[type=checkbox]")];
  const mark = table => {
    const all = boxes(table), ticked = all.filter(box => box.checked), head = table.querySelector("thead .sg-ck");
    all.forEach(box => box.closest("tr").classList.toggle("sg-sel", box.checked));
    if (head) { head.hidden = false; head.checked = all.length > 0 && ticked.length === all.length; head.indeterminate = ticked.length > 0 && ticked.length < all.length; }
    return ticked.length;
  };
  const count = table => table.dispatchEvent(new CustomEvent("sg:ticked", { bubbles: true, detail: { ticked: mark(table) } }));
  document.addEventListener("click", event => {
    const box = event.target.closest("[data-ticks] .sg-ck");
    if (!box) return;
    const table = box.closest("[data-ticks]"), all = boxes(table);
    if (box.closest("thead")) all.forEach(each => { each.checked = box.checked; });
    else if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach(each => { each.checked = box.checked; });
    }
    last = box;
    count(table);
  });

  // A form that counts its unsaved changes: <form data-unsaved> with one [data-unsaved-count] whose data-one and data-many hold the words.
  const unsaved = form => [...form.elements].filter(field =>
    (field.type === "checkbox" && field.name && field.checked !== field.defaultChecked) || (field.type === "text" && field.value !== field.defaultValue)).length;
  const tell = form => {
    const place = form.querySelector("[data-unsaved-count]"), n = unsaved(form);
    if (place) place.textContent = n === 0 ? place.dataset.none : (n === 1 ? place.dataset.one : place.dataset.many.replace("%d", n));
  };
  document.addEventListener("change", event => { const form = event.target.closest("form[data-unsaved]"); if (form) tell(form); });
  document.addEventListener("reset", event => { const form = event.target.closest("form[data-unsaved]"); if (form) setTimeout(() => tell(form)); });

  // A select that sends its form at once: <select data-sends>; beside it stands a button for those without script.
  document.addEventListener("change", event => { if (event.target.matches("select[data-sends]")) event.target.form.requestSubmit(); });
  const tuck = root => root.querySelectorAll("[data-noscript]").forEach(each => { each.hidden = true; });

  // A button that opens what the server sends into the place it names: <button data-disclose aria-controls="id" aria-expanded="false" hx-…>.
  // Pressed again, or Esc, closes it; Esc gives the focus back to the button.
  const disclosed = () => document.querySelector("[data-disclose][aria-expanded=true]");
  const cover = button => { button.setAttribute("aria-expanded", "false"); document.getElementById(button.getAttribute("aria-controls")).replaceChildren(); };
  document.addEventListener("htmx:afterSwap", event => {
    const button = event.target.id && document.querySelector(`[data-disclose][aria-controls="${event.target.id}"]`);
    if (button) button.setAttribute("aria-expanded", "true");
  });
  document.addEventListener("click", event => {
    const button = disclosed();
    if (!button || document.getElementById(button.getAttribute("aria-controls")).contains(event.target)) return;
    cover(button);
    if (button.contains(event.target)) { event.preventDefault(); event.stopPropagation(); }
  }, true);
  document.addEventListener("keydown", event => {
    if (event.key !== "Escape") return;
    const button = disclosed(), open = document.querySelector(".sg-drop-menu[open]");
    if (button) { cover(button); button.focus(); }
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  // A window over the page: <dialog data-dialog="#place"> opens when something is swapped into the place. Esc, Back and
  // [data-close-dialog] close it; the focus goes back to what opened it, which may have been drawn anew meanwhile.
  const dialog = document.querySelector("dialog[data-dialog]"), place = dialog && dialog.querySelector(dialog.dataset.dialog);
  if (dialog) {
    let opener = "", isOwnEntry = false;
    const focusIn = () => { if (!place.contains(document.activeElement)) { const title = place.querySelector("[tabindex='-1']"); if (title) title.focus(); } };
    document.addEventListener("htmx:afterSettle", event => {
      if (!place.contains(event.target) || !place.firstElementChild) return;
      if (!dialog.open) {
        dialog.showModal();
        history.pushState({ dialog: true }, "");
        isOwnEntry = true;
      }
      focusIn();
    });
    document.addEventListener("click", event => {
      if (event.target.closest(`[hx-target="${dialog.dataset.dialog}"]`) && !dialog.contains(event.target)) opener = event.target.closest("[id]").id;
      if (dialog.open && event.target.closest("[data-close-dialog]")) { event.preventDefault(); dialog.close(); }
    });
    addEventListener("popstate", () => { isOwnEntry = false; if (dialog.open) dialog.close(); });
    dialog.addEventListener("close", () => {
      if (isOwnEntry) { isOwnEntry = false; history.back(); }
      place.replaceChildren();
      const back = document.getElementById(opener);
      if (back) back.focus();
      document.body.dispatchEvent(new CustomEvent("sg:closed"));
    });
  }

  // A button that waits for a choice: <form data-needs-choice> with radios; without script the radios are required all the same.
  const weigh = form => form.querySelectorAll("button:not([type=button])").forEach(button => { button.disabled = !form.querySelector("input[type=radio]:checked"); });
  document.addEventListener("change", event => { const form = event.target.closest("form[data-needs-choice]"); if (form) weigh(form); });

  // Asking again and again stops while nobody looks: <div data-poll hx-trigger="every 2s">.
  document.addEventListener("htmx:beforeRequest", event => {
    if (document.hidden && event.target.matches("[data-poll]")) event.preventDefault();
  });

  // An upload shows how far it is: <form hx-post hx-encoding="multipart/form-data"> with a hidden <progress data-upload-bar>.
  document.addEventListener("htmx:xhr:progress", event => {
    const bar = event.target.querySelector("[data-upload-bar]");
    if (!bar || !event.detail.lengthComputable) return;
    Object.assign(bar, { hidden: false, max: event.detail.total, value: event.detail.loaded });
  });

  // A link may carry a secret in its fragment: <input data-fragment="t"> takes #t=…, and the address forgets it.
  document.querySelectorAll("[data-fragment]").forEach(field => {
    const mark = `#${field.dataset.fragment}=`;
    if (!location.hash.startsWith(mark)) return;
    field.value = decodeURIComponent(location.hash.slice(mark.length));
    field.closest(".sg-fld").hidden = true;
    history.replaceState(null, "", location.pathname + location.search);
  });

  // "All" of a row or a column of a grid of switches: <table data-matrix> with hidden labels [data-all]; needs script, so shown here.
  const switchesOf = label => {
    const table = label.closest("[data-matrix]"), cell = label.closest("th");
    const cells = label.dataset.all === "row" ? [...cell.parentElement.cells] : [...table.tBodies[0].rows].map(row => row.cells[cell.cellIndex]);
    return cells.flatMap(each => [...each.querySelectorAll(".sg-sw:not(:disabled)")]);
  };
  const showAll = table => table.querySelectorAll("[data-all]").forEach(label => {
    const all = switchesOf(label), on = all.filter(each => each.checked).length, box = label.querySelector("input");
    label.hidden = all.length < 2;
    box.checked = all.length > 0 && on === all.length;
    box.indeterminate = on > 0 && on < all.length;
  });
  document.addEventListener("change", event => {
    const label = event.target.closest("[data-all]"), table = event.target.closest("[data-matrix]");
    if (label) switchesOf(label).forEach(each => { each.checked = event.target.checked; });
    if (table) showAll(table);
  }, true);
  document.addEventListener("reset", event => setTimeout(() => event.target.querySelectorAll("[data-matrix]").forEach(showAll)));

  // What was typed into a password field can be looked at: <input type="password" data-show="Show …" data-hide="Hide …">.
  document.querySelectorAll("input[data-show]").forEach(field => {
    const button = document.createElement("button");
    const say = () => { button.textContent = field.type === "text" ? field.dataset.hide : field.dataset.show; };
    button.type = "button";
    button.className = "btn sg-btn-q sg-show";
    button.addEventListener("click", () => { field.type = field.type === "text" ? "password" : "text"; say(); });
    say();
    field.after(button);
  });

  // A button that puts a text in where the caret stands: <button data-insert="{date}" data-into="id" hidden>; needs script, so shown here.
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-insert]"), field = button && document.getElementById(button.dataset.into);
    if (!field) return;
    field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  const ready = root => { offerCopy(root); root.querySelectorAll("[data-insert]").forEach(button => { button.hidden = false; }); tuck(root); root.querySelectorAll("[data-matrix]").forEach(showAll); root.querySelectorAll("form[data-unsaved]").forEach(tell); root.querySelectorAll("form[data-needs-choice]").forEach(weigh); root.querySelectorAll("[data-ticks]").forEach(mark); };
  document.addEventListener("htmx:load", event => ready(event.target));
  ready(document);

  // On a phone the tabs scroll sideways: the open one is in sight.
  document.querySelectorAll(".sg-tabs [aria-current]").forEach(tab => tab.scrollIntoView({ block: "nearest", inline: "nearest" }));
})();
