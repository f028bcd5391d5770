// Requests that change something: sent once each; a refusal is shown in the server's words.

import { here } from './here';

export class Refused extends Error {
  remedy: string;
  status: number;
  /** The name of the rule that refused it; '' if none did. */
  rule: string;
  /** When the rule will allow it, if known, by the server's clock. */
  allowedAt: number | null;
  /** Whether the round's state shows when the refusal ends; only set for phones. */
  shownInRound: boolean;
  constructor(
    status: number,
    detail: string,
    remedy: string,
    rule = '',
    allowedAt: number | null = null,
    shownInRound = false,
  ) {
    super(detail);
    this.status = status;
    this.remedy = remedy;
    this.rule = rule;
    this.allowedAt = allowedAt;
    this.shownInRound = shownInRound;
  }
}

/** Any error as something that can be shown. */
export const refusal = (error: unknown): Refused =>
  error instanceof Refused ? error : new Refused(0, String(error), 'Reload the page.');

export async function ask<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(here(path), {
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
      'Check that it is running, then try again.',
    );
  }
  const json = response.headers.get('Content-Type')?.includes('json');
  const answer = json ? await response.json() : await response.text();
  if (!response.ok) {
    const detail = answer?.detail ?? answer?.message ?? String(answer);
    throw new Refused(
      response.status,
      detail,
      answer?.remedy ?? '',
      answer?.rule ?? '',
      answer?.allowed_at ?? null,
      answer?.shown_in_round ?? false,
    );
  }
  return answer as T;
}

export const post = <T = unknown>(path: string, body?: unknown) => ask<T>('POST', path, body);
