// Whether all of a text was on the screen: thin edges between its lines, each of which has to come into view.

import { el } from "./dom.js";

/** Lines from one edge to the next. */
export const WATCHED = 10;

export const edge = () => el("div", { class: "edge" });

/** Call `done` once every edge has been in view, above `bar` pixels of the window, or in the scrolling element `root`. Returns those that are left. */
export function watch(edges, done, { root = null, bar = 0 } = {}) {
  const left = new Set(edges);
  const seen = (entries, observer) => {
    for (const entry of entries) if (entry.isIntersecting) left.delete(entry.target);
    if (left.size) return;
    observer.disconnect();
    done();
  };
  const observer = new IntersectionObserver(seen, { root, rootMargin: `0px 0px -${bar}px 0px` });
  for (const one of edges) observer.observe(one);
  return left;
}
