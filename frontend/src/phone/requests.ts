// A phone's requests over its websocket, and their answers. No time and no socket in here.
//
//   request ─► sent ─► ack, or refused, with the same id
//                └──── connection lost ─► hello ─► ack ─► sent again; a press never is
import { Refused } from '../lib/request';
import type { Ack, Joined, PhoneMessage, PhoneRefusal } from '../lib/types';
import { OFFLINE, UNCONFIRMED } from './texts';

type WithoutId<Message> = Message extends unknown ? Omit<Message, 'id'> : never;
type Hello = Extract<PhoneMessage, { do: 'hello' }>;

/** What a hello proves the seat with; the server does without whatever is missing. */
export type Proof = Partial<Pick<Hello, 'seat' | 'code' | 'proof'>>;

/** A request of a phone that has a seat; the id is added when it is sent. */
export type PhoneRequest = Exclude<WithoutId<PhoneMessage>, { do: 'hello' | 'ping' }>;

/** A press that has no answer. */
export type Press = Extract<PhoneRequest, { do: 'press' }>;

interface Open {
  request: PhoneRequest;
  /** Whether it was sent on this connection. */
  isSent: boolean;
  /** Whether it was made before this connection: it may have been sent on an earlier one. */
  isOld: boolean;
  resolve: (you: Joined) => void;
  reject: (error: Refused) => void;
}

interface OpenHello {
  resolve: (ack: Ack) => void;
  reject: (error: Refused) => void;
}

export class Requests {
  #send: (message: unknown) => void;
  #lastId = 0;
  #open = new Map<number, Open>();
  #hellos = new Map<number, OpenHello>();
  #isConnected = false;
  #isSeated = false;

  /** `send` sends a message on the connection. */
  constructor(send: (message: unknown) => void) {
    this.#send = send;
  }

  /** There is a connection: what it takes first is a hello. */
  connect(): void {
    this.#isConnected = true;
  }

  /** Take the seat, or return to it. Rejects with a Refused, of status 0 without a connection. */
  hello(proof: Proof): Promise<Ack> {
    if (!this.#isConnected) return Promise.reject(new Refused(0, ...OFFLINE));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#hellos.set(id, { resolve, reject });
      this.#send({ id, do: 'hello', ...proof });
    });
  }

  /** Send a ping, whose answer settles nothing: any message shows that the connection is alive. */
  ping(): void {
    this.#send({ id: ++this.#lastId, do: 'ping' });
  }

  /** Send a request, or keep it until the phone has its seat. Rejects with a Refused. */
  request(request: PhoneRequest): Promise<Joined> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const open: Open = { request, isSent: false, isOld: !this.#isConnected, resolve, reject };
      this.#open.set(id, open);
      if (this.#isSeated) this.#sendOne(id, open);
    });
  }

  /** Settle the request that a message of the server answers. */
  settle(answer: Ack | PhoneRefusal): void {
    if (answer.id === null) return; // it answers something that is no request
    const hello = this.#hellos.get(answer.id);
    const open = this.#open.get(answer.id);
    this.#hellos.delete(answer.id);
    this.#open.delete(answer.id);
    if (answer.type === 'refused') (hello ?? open)?.reject(refused(answer));
    else {
      hello?.resolve(answer);
      open?.resolve(answer.you);
    }
  }

  /** The connection is lost: what has no answer waits for the next one. */
  disconnect(): void {
    this.#isConnected = false;
    this.#isSeated = false;
    for (const open of this.#open.values()) Object.assign(open, { isSent: false, isOld: true });
    const hellos = [...this.#hellos.values()];
    this.#hellos.clear();
    for (const hello of hellos) hello.reject(new Refused(0, ...OFFLINE));
  }

  /** The phone has its seat: send what waits. A press of an earlier connection is not sent; `isCounted`
   *  finds out whether the server counted it. */
  resume(you: Joined, isCounted: (press: Press) => boolean): void {
    this.#isSeated = true;
    for (const [id, open] of this.#open) {
      if (open.isOld && open.request.do === 'press') {
        this.#open.delete(id);
        if (isCounted(open.request)) open.resolve(you);
        else open.reject(new Refused(0, ...UNCONFIRMED));
      } else if (!open.isSent) this.#sendOne(id, open);
    }
  }

  #sendOne(id: number, open: Open): void {
    open.isSent = true;
    this.#send({ id, ...open.request });
  }
}

function refused(answer: PhoneRefusal): Refused {
  const { status, detail, remedy, rule, allowed_at, shown_in_round } = answer;
  return new Refused(status, detail, remedy, rule ?? '', allowed_at, shown_in_round);
}
