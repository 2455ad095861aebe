/* Key field: one real input, groups of five, forgiving on the way in. The server repeats every rule (R-KY-01 to R-KY-03).
   The page works without this file: then a key is typed and sent as it is. */
(() => {
  const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", LOOK_ALIKES = { O: "0", I: "1", L: "1" }, LENGTH = 15, GROUP = 5;
  const field = document.querySelector("[data-keyfield]");
  if (!field) return;
  const bars = document.querySelectorAll("[data-keybar]"), say = document.getElementById("key-say"), mapped = document.getElementById("key-mapped"),
    strange = document.getElementById("key-elsewhere");

  // Multiplication in GF(32), x^5 + x^2 + 1; a key is well formed when the weighted sum of its symbols is 0.
  const times = (a, b) => { let r = 0; for (; b; b >>= 1) { if (b & 1) r ^= a; a <<= 1; if (a & 32) a ^= 37; } return r; };
  const wellFormed = key => {
    let weight = 1, sum = 0;
    for (const sign of key) { const value = ALPHABET.indexOf(sign); if (value < 0) return false; sum ^= times(weight, value); weight = times(weight, 2); }
    return key.length === LENGTH && sum === 0;
  };

  // Full-width forms become plain ones, Arabic-Indic and Persian digits become 0-9.
  const plain = text => text.normalize("NFKC").toUpperCase().replace(/[\u0660-\u0669\u06F0-\u06F9]/g, digit => String(digit.charCodeAt(0) & 15));
  // A pasted link gives its fragment; a pasted sentence gives the one key-shaped run in it.
  const wanted = text => {
    const link = text.match(/#k=([^&\s]+)/i);
    if (link) return link[1];
    const runs = plain(text).match(/(?<![\p{L}\p{N}])[\p{L}\p{N}]{5}[\p{Pd} ]?[\p{L}\p{N}]{5}[\p{Pd} ]?[\p{L}\p{N}]{5}(?![\p{L}\p{N}])/gu);
    return text.length > 24 && runs && runs.length === 1 ? runs[0] : text;
  };
  // Letters and digits outside the alphabet stay in sight and are reported; spaces, dashes and the like go.
  const tidy = text => {
    let key = "", swapped = false;
    for (const sign of plain(wanted(text))) {
      if (LOOK_ALIKES[sign]) { key += LOOK_ALIKES[sign]; swapped = true; }
      else if (/[\p{L}\p{N}]/u.test(sign)) key += sign;
    }
    return { key, swapped };
  };
  const grouped = key => (key.match(/.{1,5}/gu) || []).join("-");

  const report = key => {
    const stranger = [...key].findIndex(sign => !ALPHABET.includes(sign));
    if (stranger >= 0) return say.dataset.stranger.replace("%s", key[stranger]).replace("%d", stranger + 1);
    if (key.length > LENGTH) return say.dataset.long.replace("%d", key.length);
    if (key.length === LENGTH) return wellFormed(key) ? say.dataset.ok : say.dataset.no;
    return key.length && key.length % GROUP === 0 ? say.dataset.group.replace("%d", key.length / GROUP) : "";
  };
  // The link of another portal is named, and nothing of it is sent.
  const elsewhere = text => {
    const link = text.match(/(?:https?:\/\/)?([^\s/]+)\/(s-[a-z0-9]+)\/key\/?\S*#k=/i);
    const own = `${location.host}${location.pathname}`.toLowerCase();
    return link && !own.startsWith(`${link[1]}/${link[2]}/`.toLowerCase()) ? `${link[1]}/${link[2]}` : "";
  };
  const show = () => {
    const other = elsewhere(field.value);
    if (strange) { strange.hidden = !other; strange.querySelector("p").textContent = strange.dataset.words.replace("%s", other); }
    if (other) field.value = "";
    const before = tidy(field.value.slice(0, field.selectionStart)).key.length, { key, swapped } = tidy(field.value);
    field.value = grouped(key);
    const caret = Math.min(field.value.length, before + Math.max(0, Math.ceil(before / GROUP) - 1));
    if (document.activeElement === field) field.setSelectionRange(caret, caret);
    bars.forEach((bar, index) => bar.style.setProperty("--p", Math.max(0, Math.min(1, (key.length - index * GROUP) / GROUP))));
    if (say) say.textContent = report(key);
    if (mapped && swapped) mapped.hidden = false;
  };

  // The link of a letter or mail carries the key in its fragment: take it, clear the address, wait for the person (R-RD-01).
  const carried = location.hash.match(/^#k=([^&\s]+)/i);
  if (carried) {
    try { field.value = decodeURIComponent(carried[1]); } catch { field.value = carried[1]; }
    history.replaceState(null, "", location.pathname + location.search);
  }
  field.addEventListener("input", show);
  if (field.value) show();
})();
