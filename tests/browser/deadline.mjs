/** How long a test waits for what must come: a guard against hanging, for machines with other things to do. */
export const PATIENCE = 60_000;

/** Waits for `promise`, but no longer than `milliseconds`; says what was waited for when it is late. */
export async function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${milliseconds} ms for ${what}`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Measures until the figure is good, at most so often, and answers the last one: whatever else the machine does
 * makes a figure worse, never better, so that one good one shows what is possible, and many bad ones what is not. */
export async function best(tries, measure, good) {
  for (;;) {
    const figure = await measure();
    if (good(figure) || --tries === 0) return figure;
  }
}
