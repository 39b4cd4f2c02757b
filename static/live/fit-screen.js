// Fits the text on the big screen: tries sizes from large to small (--k, for stage.css). Where not even the smallest
// fits, long texts are shortened to some lines (data-brief, --lines), so that no number and no answer leaves the screen.

const STEPS = [1.8, 1.65, 1.5, 1.42, 1.34, 1.26, 1.18, 1.1, 1.04, 1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5];
const LINES = [0, 9, 3, 2, 1]; // none: every text is whole, and every word
const SMALL = matchMedia("(max-width: 50rem)"); // a window in which one may scroll

function fits(main) {
  const page = document.documentElement;
  if (page.scrollHeight > page.clientHeight || page.scrollWidth > page.clientWidth) return false;
  return Array.from(main.querySelectorAll(".panels > *, .responses li, .body")).every((box) => box.scrollWidth <= box.clientWidth + 1);
}

// Finds the largest size that fits. `again`: the one that is on is kept as long as it fits.
export function fit(main, again) {
  if (SMALL.matches) {
    main.style.removeProperty("--k");
    return main.removeAttribute("data-brief");
  }
  if (again && fits(main)) return;
  for (const lines of LINES) {
    main.toggleAttribute("data-brief", lines > 0);
    main.style.setProperty("--lines", lines);
    size(main);
    if (fits(main)) return;
  }
}

function size(main) {
  let large = 0;
  let small = STEPS.length - 1;
  while (large < small) {
    const middle = (large + small) >> 1;
    main.style.setProperty("--k", STEPS[middle]);
    if (fits(main)) small = middle;
    else large = middle + 1;
  }
  main.style.setProperty("--k", STEPS[small]);
}
