// Comfort for those who have script: keys, ticking a group, no second click. Everything works without.
(function () {
  "use strict";
  function rows() { return Array.prototype.slice.call(document.querySelectorAll("[data-row]")); }
  function here() { return document.querySelector("[data-row].here"); }
  function move(step) {
    var all = rows();
    if (!all.length) return false;
    var now = here();
    var place = now ? all.indexOf(now) + step : (step > 0 ? 0 : all.length - 1);
    if (place < 0 || place >= all.length) return true;
    if (now) now.classList.remove("here");
    all[place].classList.add("here");
    all[place].scrollIntoView({ block: "nearest" });
    var link = all[place].querySelector("a");
    if (link) link.focus({ preventScroll: true });
    return true;
  }
  function follow(id) {
    var link = document.getElementById(id);
    if (link) { window.location.href = link.href; return true; }
    return false;
  }
  document.addEventListener("keydown", function (event) {
    var target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "checkbox") return;
    if (event.key === "j") { if (!follow("next")) move(1); }
    else if (event.key === "k") { if (!follow("prev")) move(-1); }
    else if (event.key === "x") {
      var now = here();
      var box = now && now.querySelector("input[type=checkbox]");
      if (box) { box.click(); event.preventDefault(); }
    }
  });
  document.addEventListener("change", function (event) {
    var box = event.target;
    if (!box || box.type !== "checkbox") return;
    var area = box.hasAttribute("data-all") ? box.closest("tbody") : box.hasAttribute("data-everything") ? box.closest("table") : null;
    if (!area) return;
    Array.prototype.forEach.call(area.querySelectorAll("input[type=checkbox]"), function (one) { one.checked = box.checked; });
  });
  // A list narrowed while one types; without script the button beside the field does the same.
  document.addEventListener("input", function (event) {
    var box = event.target;
    var list = box && box.hasAttribute && box.hasAttribute("data-narrows") ? document.getElementById(box.getAttribute("data-narrows")) : null;
    if (!list) return;
    var wanted = box.value.trim().toLowerCase();
    Array.prototype.forEach.call(list.querySelectorAll("details"), function (group) {
      var left = 0;
      Array.prototype.forEach.call(group.querySelectorAll("label"), function (label) {
        var one = label.querySelector("input");
        label.hidden = wanted !== "" && !one.checked && (label.textContent + one.value).toLowerCase().indexOf(wanted) < 0;
        if (!label.hidden) left += 1;
      });
      group.hidden = left === 0;
      if (wanted !== "" && left) group.open = true;
    });
  });
  // A second click would send the form twice; the server tells it from a conflict, this spares it the trip.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.setTimeout(function () { delete form.dataset.sent; }, 8000);
  });
  document.addEventListener("click", function (event) {
    var button = event.target.closest ? event.target.closest("[data-copy]") : null;
    if (!button) return;
    var text = document.getElementById(button.getAttribute("data-copy"));
    if (!text) return;
    text.select();
    document.execCommand("copy");
    button.textContent = "已复制";
  });
})();
