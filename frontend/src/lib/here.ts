// The server's base URL for a page: behind a proxy it may have a path prefix. Every page is one step
// below the server's root, so its own URL tells.

/** The full URL of a server path, such as "/api/state". */
export const here = (path: string): string => new URL(`.${path}`, location.href).href;
