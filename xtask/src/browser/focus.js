// Where the keyboard's focus is: which of all that it can reach, in the order of the page, and whether that is seen. It is run as
// the body of a function.
"use strict";

const CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex='0']";
const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
const controls = [...document.querySelectorAll(CONTROLS)].filter(isSeen);
const focused = document.activeElement;

// An arrow of a drawing shows it by its line; everything else by an outline.
function isShown() {
  const style = getComputedStyle(focused);
  if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) return true;
  const thickness = (arrow) => parseFloat(getComputedStyle(arrow.querySelector("line")).strokeWidth);
  const others = [...document.querySelectorAll("a.arrow")].filter((arrow) => arrow !== focused && isSeen(arrow));
  return focused.matches("a.arrow") && others.every((other) => thickness(focused) > thickness(other));
}

const box = focused.getBoundingClientRect();
const isInView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
return {
  index: controls.indexOf(focused),
  count: controls.length,
  name: focused === document.body ? "" : focused.getAttribute("aria-label") || focused.textContent.replace(/\s+/g, " ").trim(),
  shown: focused !== document.body && isShown() && isInView,
};
