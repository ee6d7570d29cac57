// Finds places in the list of the overview. An addition: without it the list is complete, and in the same order.
// It asks nobody: what is typed here never leaves the page. No markup is made of anything (Trusted Types).

(() => {
  "use strict";

  const field = document.getElementById("search");
  const told = document.getElementById("found");
  const box = document.getElementById("find");
  if (!field || !told || !box) return;

  // Letters as people type them: case, the marks of й and ё, and Arabic spellings of Persian letters do not matter.
  const plain = (text) =>
    text
      .toLowerCase()
      .normalize("NFD")
      .replace(/\p{M}/gu, "")
      .replace(/ي/g, "ی")
      .replace(/ك/g, "ک")
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim();

  const regions = Array.from(document.querySelectorAll("#list details"), (region) => ({
    element: region,
    name: plain(region.querySelector("h3").textContent),
    open: false,
    places: Array.from(region.querySelectorAll("li"), (place) => ({
      element: place,
      name: plain(place.querySelector("span").textContent),
    })),
  }));
  const number = new Intl.NumberFormat(document.documentElement.lang);
  let searching = false;

  const find = () => {
    const wanted = plain(field.value);
    let found = 0;
    for (const region of regions) {
      if (!searching) region.open = region.element.open;
      const whole = wanted !== "" && ` ${region.name}`.includes(` ${wanted}`);
      let some = false;
      for (const place of region.places) {
        const fits = wanted === "" || whole || ` ${place.name}`.includes(` ${wanted}`);
        place.element.hidden = !fits;
        some = some || fits;
        if (fits) found += 1;
      }
      region.element.hidden = !some;
      region.element.open = wanted === "" ? region.open : some;
    }
    searching = wanted !== "";
    told.textContent = searching ? told.dataset.text.replace("{}", number.format(found)) : "";
  };

  field.addEventListener("input", find);
  box.hidden = false;
  if (field.value !== "") find();
})();
