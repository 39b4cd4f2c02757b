// Fits what is on the big screen: tries sizes from large to small (--k, for projector.css), and none in which a text would be
// smaller than a thirtieth of the height. Where not even the smallest fits, long texts are shortened to some lines
// (data-brief, --lines); and where that is not enough, a list ([data-pages]) is shown in pages, which turn by themselves.

const STEPS = [1.8, 1.65, 1.5, 1.42, 1.34, 1.26, 1.18, 1.1, 1.04, 1, 0.96, 0.93];
const LINES = [0, 9, 3, 2]; // none: every text is whole, and every word
const IN_PAGES = [3, 2, 1];
const TURN = 12000; // milliseconds for which a page stays
const REST = 60000; // and for which it stays once somebody has turned it
const SMALL = matchMedia("(max-width: 50rem)"); // a window in which one may scroll

let book = null; // {list, rows, size, page}: the list that is in pages
let clock = 0;

function fits(main) {
  const page = document.documentElement;
  if (page.scrollHeight > page.clientHeight || page.scrollWidth > page.clientWidth) return false;
  return Array.from(main.querySelectorAll(".panels > *, .responses li, .body, .votes")).every((box) => box.scrollWidth <= box.clientWidth + 1);
}

// Finds the largest size that fits. `again`: the one that is on is kept as long as it fits.
export function fit(main, again) {
  if (SMALL.matches) {
    close(main);
    main.style.removeProperty("--k");
    return main.removeAttribute("data-brief");
  }
  if (again && fits(main)) return;
  const before = book;
  close(main);
  for (const lines of LINES) {
    brief(main, lines);
    size(main);
    if (fits(main)) return;
  }
  const list = main.querySelector("[data-pages]");
  for (const lines of list ? IN_PAGES : [1]) {
    brief(main, lines);
    main.style.setProperty("--k", STEPS[STEPS.length - 1]);
    if (list && open(main, list)) break;
  }
  if (book && before && before.list === list) show(main, Math.min(before.page, pages() - 1));
}

function brief(main, lines) {
  main.toggleAttribute("data-brief", lines > 0);
  main.style.setProperty("--lines", lines || 2);
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

// Puts a list into as few pages as fit; returns whether there are such.
function open(main, list) {
  const rows = Array.from(list.children);
  for (let count = 2; count <= rows.length; count += 1) {
    book = { list, rows, size: Math.ceil(rows.length / count), page: 0 };
    let all = true;
    for (let page = 0; all && page < pages(); page += 1) {
      show(main, page);
      all = fits(main);
    }
    show(main, 0);
    if (all) return turned(main) || wait(main, TURN);
  }
  return false;
}

function close(main) {
  clearTimeout(clock);
  if (book) for (const row of book.rows) row.hidden = false;
  book = null;
  for (const mark of main.querySelectorAll("[data-page-mark]")) mark.hidden = true;
}

// Shows the page that the facilitator has turned to, where they have: it stays.
function turned(main) {
  const place = main.querySelector("[data-turned]");
  if (place) show(main, (((place.dataset.turned % pages()) + pages()) % pages()));
  return Boolean(place);
}

// Into how many pages the list is cut, 0 for none.
export const inPages = () => (book ? pages() : 0);

const pages = () => Math.ceil(book.rows.length / book.size);

function show(main, page) {
  book.page = page;
  book.rows.forEach((row, at) => (row.hidden = Math.floor(at / book.size) !== page));
  const mark = main.querySelector("[data-page-mark]");
  if (!mark) return;
  mark.hidden = false;
  mark.textContent = mark.dataset.say.replace("{number}", page + 1).replace("{all}", pages());
}

function wait(main, time) {
  clearTimeout(clock);
  clock = setTimeout(() => turn(main, 1, TURN), time);
  return true;
}

function turn(main, by, time) {
  if (!book) return;
  show(main, (book.page + by + pages()) % pages());
  wait(main, time);
}

// The keys that a clicker sends turn pages too; then the page stays for longer.
export function turnByKeys(main) {
  addEventListener("keydown", (event) => {
    const by = { PageDown: 1, ArrowRight: 1, PageUp: -1, ArrowLeft: -1 }[event.key];
    if (!by || !book || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    turn(main, by, REST);
  });
}
