// What is wrong about the page that is open, each thing in a line. It is run as the body of a function.
"use strict";

const LEAST_CONTRAST = 4.5; // WCAG 2.2, 1.4.3, for text of any size.
const wrong = [];
const expect = (holds, what) => { if (!holds) wrong.push(what); };
const isSeen = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility === "visible";
const words = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const named = (element) => `<${element.tagName.toLowerCase()}> ${words(element.textContent).slice(0, 40)}`;

// It fits.
const whole = document.documentElement;
expect(whole.scrollWidth <= whole.clientWidth, `it is ${whole.scrollWidth} wide, and the window ${whole.clientWidth}`);

// It says what it is, and how it is divided.
expect(words(document.title), "no title");
expect(whole.lang, "no language");
for (const landmark of ["main", "header", "h1"]) {
  const count = document.querySelectorAll(landmark).length;
  expect(count === 1, `${count} elements <${landmark}>, expected 1`);
}
let level = 0;
for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
  const own = Number(heading.tagName[1]);
  expect(own <= level + 1, `${named(heading)} comes after a heading of level ${level}`);
  level = own;
}
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) wrong.push(`two elements have the id ${id}`);

// Everything has a name for those who can't see it.
for (const image of document.images) expect(image.hasAttribute("alt"), `${image.src} has no alternative text`);
for (const drawing of document.querySelectorAll("svg")) {
  expect(drawing.getAttribute("role") && drawing.getAttribute("aria-label"), "a drawing has no role or no name");
}
for (const control of document.querySelectorAll("a[href], button, input, select, summary")) {
  const name = control.getAttribute("aria-label") || control.textContent || control.querySelector("img")?.alt;
  expect(words(name), `${control.outerHTML.slice(0, 80)} has no name`);
}

// All text can be read.
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function pixel(colour) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
}
function luminance(colour) {
  const [red, green, blue] = pixel(colour).slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function ground(element) {
  for (let each = element; each; each = each.parentElement) {
    const own = getComputedStyle(each).backgroundColor;
    if (pixel(own)[3] === 255) return own;
  }
  return "white";
}
// A drawing's text lies on a band, or on the drawing's own ground.
function groundOfDrawn(text) {
  const group = text.parentElement;
  const band = group.querySelector("rect");
  if (band) return getComputedStyle(band).fill;
  return getComputedStyle(group).getPropertyValue("--band") || ground(text.closest("svg"));
}
for (const element of document.body.querySelectorAll("*")) {
  const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && words(node.data));
  if (!hasText || !isSeen(element) || element.closest(".unseen, script, title")) continue;
  const isDrawn = element instanceof SVGElement;
  const colour = getComputedStyle(element)[isDrawn ? "fill" : "color"];
  const under = isDrawn ? groundOfDrawn(element) : ground(element);
  const [dark, light] = [luminance(colour), luminance(under)].sort((one, other) => one - other);
  const contrast = (light + 0.05) / (dark + 0.05);
  expect(contrast >= LEAST_CONTRAST, `${named(element)}: contrast ${contrast.toFixed(2)} of ${colour} on ${under}`);
}
return wrong;
