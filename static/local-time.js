// Says a time once more as the reader's own clock shows it, where that is another: "(10:30 where you are)". Of two times
// with a dash between them ("11:00–12:30") both, after the second.

const { said } = document.currentScript.dataset;
const { lang } = document.documentElement;
const language = lang === "en" ? "en-GB" : lang;
let first = "";

for (const told of document.querySelectorAll('time[datetime*="T"]')) {
  const when = new Date(told.dateTime);
  if (isNaN(when)) continue;
  const there = told.dateTime.slice(0, 16);
  const here = new Date(when - when.getTimezoneOffset() * 60000).toISOString();
  if (here.startsWith(there)) continue;
  const another = here.slice(0, 10) === there.slice(0, 10) ? {} : { day: "numeric", month: "long" };
  const own = when.toLocaleString(language, { ...another, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (told.nextSibling?.data === "–") {
    first = own + "–";
    continue;
  }
  const also = document.createElement("span");
  also.className = "soft";
  also.textContent = said.replace("{time}", first + own);
  told.after(" ", also);
  first = "";
}
