import '@testing-library/jest-dom/vitest';

// jsdom has no Web Animations; a stub that ends at once is enough for these tests.
Element.prototype.animate ??= function animate() {
  const animation = {
    onfinish: null as (() => void) | null,
    cancel() {},
    finished: Promise.resolve(),
  };
  queueMicrotask(() => animation.onfinish?.());
  return animation as unknown as Animation;
};
Element.prototype.getAnimations ??= () => [];
