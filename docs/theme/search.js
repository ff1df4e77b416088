// Finds words in the titles, headings and texts of the pages (pages.js has them).
"use strict";
(() => {
  const input = document.getElementById("search");
  const list = document.getElementById("found");
  const top = document.body.dataset.top;

  // Every word has to be there; titles count most, then headings.
  const score = (section, words) => {
    let sum = 0;
    for (const word of words) {
      const here = (section.title.toLowerCase().includes(word) ? 8 : 0) +
          (section.page.toLowerCase().includes(word) ? 4 : 0) +
          (section.text.includes(word) ? 1 : 0);
      if (here === 0) return 0;
      sum += here;
    }
    return sum;
  };

  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length === 0 ? [] : window.shmbusPages
        .map((section) => ({section, points: score(section, words)}))
        .filter((one) => one.points > 0)
        .sort((a, b) => b.points - a.points)
        .slice(0, 12);
    list.replaceChildren(...found.map(({section}) => {
      const link = document.createElement("a");
      link.href = top + section.href;
      link.append(section.title);
      const where = document.createElement("small");
      where.append(section.page);
      link.append(where);
      const item = document.createElement("li");
      item.append(link);
      return item;
    }));
    list.hidden = found.length === 0;
  };

  input.addEventListener("input", show);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
    } else if (event.key === "Escape") {
      input.value = "";
      show();
    } else if (event.key === "Enter" && document.activeElement === input && list.firstChild) {
      list.firstChild.firstChild.click();
    }
  });
  document.addEventListener("click", (event) => {
    if (!list.contains(event.target) && event.target !== input) list.hidden = true;
  });
})();
