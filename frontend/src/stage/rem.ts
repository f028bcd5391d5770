/** Convert pixels of the stage to a CSS length. */
export const rem = (pixels: number): string => `${Math.round(pixels * 100) / 1000}rem`;
