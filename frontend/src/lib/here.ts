// Where this server is for a page: behind a proxy it may be below a prefix. Every page is one step below
// the server's root, so that its own address tells.

/** The whole address of a path of the server, such as "/api/state". */
export const here = (path: string): string => new URL(`.${path}`, location.href).href;
