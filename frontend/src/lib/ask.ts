// Requests that change something: one try each, and what the server refuses is said in its own words.

export class Refused extends Error {
  remedy: string;
  status: number;
  constructor(status: number, detail: string, remedy: string) {
    super(detail);
    this.status = status;
    this.remedy = remedy;
  }
}

export async function ask<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: 'application/json',
        ...(body ? { 'Content-Type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  } catch {
    throw new Refused(
      0,
      'The server does not answer.',
      'It comes back by itself, or it was stopped.',
    );
  }
  const json = response.headers.get('Content-Type')?.includes('json');
  const answer = json ? await response.json() : await response.text();
  if (!response.ok) {
    const detail = answer?.detail ?? answer?.message ?? String(answer);
    throw new Refused(response.status, detail, answer?.remedy ?? '');
  }
  return answer as T;
}

export const post = <T = unknown>(path: string, body?: unknown) => ask<T>('POST', path, body);
