/** Everything the page asks of the server goes through here: same origin, cookie session, errors as one class. */

const ROOT = "/api/v1";
/** What is asked of the present also while somebody looks at the past. */
const PRESENT = /^\/(engines|jobs|plugins|session|snapshots|undo|redo|pictures\/\d+\/history)(?=[/?]|$)/;

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

/** The address of an API path, for `src`, `href` and EventSource. */
export function address(path: string): string {
  return past === null || PRESENT.test(path) ? ROOT + path : `${ROOT}/asof/${past}${path}`;
}

/** Parameters as `?a=b`, leaving out those that are empty. */
export function query(parameters: Record<string, string | number | null | undefined>): string {
  const set = Object.entries(parameters).filter(([, value]) => value != null && value !== "");
  return set.length ? `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}` : "";
}

/** One request. @throws ApiError for everything but a 2xx answer; DOMException AbortError when `signal` fired. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address(path), { credentials: "same-origin", ...init });
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
export function transmit<T>(
  method: "POST" | "PATCH",
  path: string,
  body: Blob,
  signal: AbortSignal,
  progress: (sent: number) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const asking = new XMLHttpRequest();
    const abort = () => asking.abort();
    const done = (status: number, error?: Error) => {
      signal.removeEventListener("abort", abort);
      if (!signal.aborted) tell(outcome(status));
      if (error) reject(error);
    };
    asking.open(method, address(path));
    asking.responseType = "json";
    asking.setRequestHeader("Content-Type", "application/octet-stream");
    asking.upload.onprogress = (event) => progress(event.loaded);
    asking.onload = () => {
      const { status, response } = asking;
      const fine = status >= 200 && status < 300;
      if (status === 401) tell("unauthorised");
      done(status, fine ? undefined : refused(status, response));
      if (fine) resolve(response as T);
    };
    asking.onerror = () => done(0, new ApiError(0, "The server cannot be reached"));
    asking.onabort = () => done(0, new DOMException("cancelled", "AbortError"));
    signal.addEventListener("abort", abort);
    if (signal.aborted) asking.onabort(new ProgressEvent("abort"));
    else asking.send(body);
  });
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, { signal });
  return (await response.json()) as T;
}

/** Send `body` as JSON. The answer is undefined where the server has nothing to say (204). */
export async function send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T> {
  const json =
    body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await request(path, { method, ...json });
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function bytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  const response = await request(path, { signal });
  return response.arrayBuffer();
}
