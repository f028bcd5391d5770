/** Pixels of the stage as a length of this page. */
export const rem = (pixels: number): string => `${Math.round(pixels * 100) / 1000}rem`;
