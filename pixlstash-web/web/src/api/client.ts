/** Everything the page asks of the server goes through here: same origin, cookie session, errors as one class. */
import { type Operation, operations } from "./schema";

const ROOT = "/api/v1";
/** What is asked of the present also while somebody looks at the past. */
const PRESENT = /^\/(engines|jobs|plugins|session|snapshots|undo|redo|pictures\/\d+\/history)(?=[/?]|$)/;

/** An operation of the server. */
export type Name = keyof typeof operations;
/** The arguments of an operation, wherever they go in its request. */
export type Asks<N extends Name> = (typeof operations)[N] extends Operation<infer A, unknown> ? A : never;
export type Answers<N extends Name> = (typeof operations)[N] extends Operation<unknown, infer A> ? A : never;
/** Operations that answer at least `A`. */
export type Answering<A> = { [N in Name]: Answers<N> extends A ? N : never }[Name];
/** Operations that can do without arguments. */
type Plain = { [N in Name]: object extends Asks<N> ? N : never }[Name];

let past: number | null = null;

/** Ask from now on how the library was in a snapshot. Nothing of it can be changed. */
export function lookBack(snapshot: number | null): void {
  past = snapshot;
}

/** A refused or failed request. `status` 0: the server could not be reached. `detail` is a sentence for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly data: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
    this.name = "ApiError";
  }
}

/** An error as a sentence for people. */
export function because(error: unknown): string {
  return error instanceof ApiError ? error.detail : "Something unexpected happened";
}

/** Comes with the 401 of `session`. `password`: whether logging in by password is possible. */
export interface LoggedOut {
  detail: string;
  claimed: boolean;
  password: boolean;
}

/** What the outcome of a request says about all requests: reachable, unreachable, or nobody is logged in. */
export type Outcome = "answered" | "unreachable" | "unauthorised";

const listeners = new Set<(outcome: Outcome) => void>();

/** Tell `listener` the outcome of every request from now on; returns how to stop. */
export function watch(listener: (outcome: Outcome) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(outcome: Outcome): void {
  for (const listener of listeners) listener(outcome);
}

/** A gateway in front of a server that is gone answers for it. */
function outcome(status: number): Outcome {
  return [0, 502, 503, 504].includes(status) ? "unreachable" : "answered";
}

/** A request as the table says it: arguments in the path, in the query unless they are null or empty, or in the body. */
export function resolve<N extends Name>(name: N, args?: Asks<N>): { method: string; path: string; body?: string } {
  const [method = "", template = ""] = operations[name].split(" ");
  let [path = "", listed = ""] = template.split("?");
  const query = new URLSearchParams();
  const body: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(args ?? {})) {
    const place = `{${key}}`;
    if (path.includes(place)) path = path.replace(place, encodeURIComponent(String(value)));
    else if (method !== "GET" && !listed.split("&").includes(key)) body[key] = value;
    else for (const one of [value].flat()) if (one != null && one !== "") query.append(key, String(one));
  }
  const asked = query.toString();
  return {
    method,
    path: asked ? `${path}?${asked}` : path,
    ...(Object.keys(body).length && { body: JSON.stringify(body) }),
  };
}

/** The address of what is below the root of the API. */
export function below(path: string): string {
  return past === null || PRESENT.test(path) ? ROOT + path : `${ROOT}/asof/${past}${path}`;
}

/** The address of an operation that only reads, for `src`, `href` and EventSource. */
export function address<N extends Name>(name: N, args: Asks<N>): string {
  return below(resolve(name, args).path);
}

/** Request an operation. Errors are those of `send`. */
export function request<N extends Name>(name: N, args?: Asks<N>, init: RequestInit = {}): Promise<Response> {
  const { path, ...asked } = resolve(name, args);
  const headers = asked.body && { "Content-Type": "application/json" };
  return send(path, { ...(headers && { headers }), ...asked, ...init });
}

/**
 * Send one request to a path below the root of the API.
 * @throws ApiError for everything but a 2xx answer; DOMException AbortError when `signal` fired
 */
export async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(below(path), { credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    tell("unreachable");
    throw new ApiError(0, "The server cannot be reached");
  }
  tell(outcome(response.status));
  if (response.ok) return response;
  const problem = await refusal(response);
  if (response.status === 401 && !path.startsWith("/session")) tell("unauthorised");
  throw problem;
}

/** Do an operation: `await call("rename_tag", { tag, name })`. Errors are those of `request`. */
export function call<N extends Plain>(name: N): Promise<Answers<N>>;
export function call<N extends Name>(name: N, args: Asks<N>, signal?: AbortSignal): Promise<Answers<N>>;
export async function call<N extends Name>(name: N, args?: Asks<N>, signal?: AbortSignal): Promise<Answers<N>> {
  return (await decoded(await request(name, args, { signal }))) as Answers<N>;
}

/** An answer by its media type; undefined where the server has nothing to say. */
export async function decoded(response: Response): Promise<unknown> {
  const media = response.headers.get("Content-Type") ?? "";
  if (response.status === 204) return undefined;
  if (media.startsWith("application/json")) return response.json();
  return media.startsWith("text/") ? response.text() : response.arrayBuffer();
}

async function refusal(response: Response): Promise<ApiError> {
  return refused(response.status, await response.json().catch(() => null));
}

function refused(status: number, data: unknown): ApiError {
  const fields = data && typeof data === "object" ? (data as Record<string, unknown>) : {};
  const given = fields.detail;
  const sentence = given && typeof given === "object" && "message" in given ? given.message : given;
  const detail = typeof sentence === "string" ? sentence : `The server answered ${status}`;
  return new ApiError(status, detail, fields);
}

/**
 * Send the bytes of a file; `progress` hears how many are on their way. Only XMLHttpRequest counts them.
 * @throws ApiError as `request` does; DOMException AbortError when `signal` fired
 */
export function transmit<N extends Name>(
  name: N,
  args: Asks<N>,
  body: Blob,
  signal: AbortSignal,
  progress: (sent: number) => void,
): Promise<Answers<N>> {
  return new Promise((settle, reject) => {
    const asking = new XMLHttpRequest();
    const abort = () => asking.abort();
    const done = (status: number, error?: Error) => {
      signal.removeEventListener("abort", abort);
      if (!signal.aborted) tell(outcome(status));
      if (error) reject(error);
    };
    const { method, path } = resolve(name, args);
    asking.open(method, below(path));
    asking.responseType = "json";
    asking.setRequestHeader("Content-Type", "application/octet-stream");
    asking.upload.onprogress = (event) => progress(event.loaded);
    asking.onload = () => {
      const { status, response } = asking;
      const fine = status >= 200 && status < 300;
      if (status === 401) tell("unauthorised");
      done(status, fine ? undefined : refused(status, response));
      if (fine) settle(response as Answers<N>);
    };
    asking.onerror = () => done(0, new ApiError(0, "The server cannot be reached"));
    asking.onabort = () => done(0, new DOMException("cancelled", "AbortError"));
    signal.addEventListener("abort", abort);
    if (signal.aborted) asking.onabort(new ProgressEvent("abort"));
    else asking.send(body);
  });
}
