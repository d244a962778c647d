"use strict";
// The report is whole without this; with it, cases can be searched and filtered, and a link to a case
// opens whatever it lies within.
(function () {
  var text = JSON.parse(document.body.dataset.texts);
  var main = document.querySelector("main");
  var cases = Array.prototype.slice.call(document.querySelectorAll("[data-verdict]"));
  if (main && cases.length > 1) {
    var form = document.createElement("form");
    form.className = "tools";
    form.setAttribute("role", "search");
    form.setAttribute("aria-label", text.tools);
    var label = document.createElement("label");
    label.textContent = text.search + " ";
    var input = document.createElement("input");
    input.type = "search";
    label.appendChild(input);
    form.appendChild(label);
    var kinds = [];
    cases.forEach(function (c) {
      if (kinds.indexOf(c.dataset.verdict) < 0) kinds.push(c.dataset.verdict);
    });
    var boxes = kinds.map(function (kind) {
      var outer = document.createElement("label");
      var box = document.createElement("input");
      box.type = "checkbox";
      box.checked = true;
      box.value = kind;
      outer.appendChild(box);
      outer.appendChild(document.createTextNode(" " + kind));
      form.appendChild(outer);
      return box;
    });
    var told = document.createElement("output");
    form.appendChild(told);
    main.insertBefore(form, main.firstChild);
    var haystacks = cases.map(function () { return null; });
    var apply = function () {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      var on = {};
      boxes.forEach(function (b) { on[b.value] = b.checked; });
      var shown = 0;
      cases.forEach(function (c, at) {
        if (words.length && haystacks[at] === null) haystacks[at] = c.textContent.toLowerCase();
        var hit = on[c.dataset.verdict] && words.every(function (w) {
          return haystacks[at].indexOf(w) >= 0;
        });
        c.hidden = !hit;
        if (hit) shown += 1;
      });
      told.textContent = shown + " / " + cases.length;
      if (words.length) {
        document.querySelectorAll("details.list").forEach(function (d) { d.open = true; });
      }
    };
    var timer = 0;
    input.addEventListener("input", function () {
      clearTimeout(timer);
      timer = setTimeout(apply, 150);
    });
    boxes.forEach(function (b) { b.addEventListener("change", apply); });
    form.addEventListener("submit", function (event) { event.preventDefault(); apply(); });
    apply();
  }
  var reveal = function () {
    var id = decodeURIComponent(location.hash.slice(1));
    var there = id && document.getElementById(id);
    if (!there) return;
    there.hidden = false;
    for (var e = there; e; e = e.parentElement) {
      if (e.tagName === "DETAILS") e.open = true;
    }
    there.setAttribute("tabindex", "-1");
    there.focus({ preventScroll: true });
    there.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  reveal();
})();
