// Sign in, cast a 5-3-1 ballot in the open vote of one's compound, and check the receipt:
//   node cast.js http://127.0.0.1:8000 CODE
// CODE is what `wx.login` gives, or the stand-in for it. `schema.d.ts` is made by
//   openapi-typescript http://127.0.0.1:8000/api/v1/openapi.json -o schema.d.ts

import createClient from "openapi-fetch";

import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];

const utf8 = new TextEncoder();

function argument(at: number): string {
  const found = process.argv[at];
  if (found === undefined) throw new Error("node cast.js ADDRESS CODE");
  return found;
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function hex(from: Uint8Array): string {
  return Array.from(from, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What was asked for, or the refusal as an error: its `code` says which.
function must<T>(answer: { data?: T; error?: Schemas["Problem"] }): T {
  if (answer.data === undefined) throw new Error(answer.error?.code ?? "no answer");
  return answer.data;
}

// The bytes that docs/bundle.md and votes/receipt.py describe.
async function commitment(sessionId: string, receipt: Schemas["Receipt"]): Promise<string> {
  const marks = receipt.marks.map((mark) => `${mark.weight} ${mark.matter_id}\n`);
  const ballot = utf8.encode(["yueyuetan-ballot-v1\n", `${sessionId}\n`, ...marks].join(""));
  const whole = new Uint8Array([...bytes(receipt.nonce), ...ballot]);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", whole)));
}

async function isPromised(
  key: string, sessionId: string, receipt: Schemas["Receipt"],
): Promise<boolean> {
  const lines = ["yueyuetan-promise-v1", sessionId, receipt.commitment, receipt.version, ""];
  const operator = await crypto.subtle.importKey("raw", bytes(key), "Ed25519", false, ["verify"]);
  const promise = bytes(receipt.promise);
  return crypto.subtle.verify("Ed25519", operator, promise, utf8.encode(lines.join("\n")));
}

const client = createClient<paths>({ baseUrl: argument(2) });

const login = must(await client.POST("/api/v1/auth/wechat", { body: { code: argument(3) } }));
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${login.access_token}`);
    return request;
  },
});

const me = must(await client.GET("/api/v1/me"));
const home = me.residences.find((residence) => residence.state === "VERIFIED");
if (home === undefined) throw new Error("no verified residence");

const compound = { path: { compound_id: home.compound_id } };
const sessions = must(
  await client.GET("/api/v1/compounds/{compound_id}/sessions", { params: compound }),
);
const open = sessions.items.find((each) => each.state === "VOTING" || each.state === "EXTENDED");
if (open === undefined) throw new Error("no vote is open");

const params = { path: { session_id: open.id } };
const session = must(await client.GET("/api/v1/sessions/{session_id}", { params }));
const marks = session.matters
  .slice(0, 3)
  .map((matter, at): Schemas["MarkArgs"] => ({ weight: [5, 3, 1][at] ?? 1, matter_id: matter.id }));

// Made once and kept until the answer came: the same nonce again is the same cast.
const nonce = hex(crypto.getRandomValues(new Uint8Array(16)));
const cast = { params, body: { marks, nonce } };
const receipt = must(await client.PUT("/api/v1/sessions/{session_id}/ballot", cast));
const again = must(await client.PUT("/api/v1/sessions/{session_id}/ballot", cast));

// A refusal is typed by its code; this one is for who has not seen the ballot that now counts.
const blind = { params, body: { marks: [], expected_version: 0 } };
const { error } = await client.PUT("/api/v1/sessions/{session_id}/ballot", blind);
if (error?.code !== "version_conflict") throw new Error(`not refused: ${error?.code}`);

const turnout = must(await client.GET("/api/v1/sessions/{session_id}/turnout", { params }));
const key = must(await client.GET("/api/v1/operator-key"));

console.log(
  JSON.stringify({
    session_id: session.id,
    version: receipt.version,
    same_receipt: again.commitment === receipt.commitment,
    commitment: (await commitment(session.id, receipt)) === receipt.commitment,
    promise: await isPromised(key.public_key, session.id, receipt),
    returned: turnout.returned,
    roll: turnout.roll,
  }),
);
