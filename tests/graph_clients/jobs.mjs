// What both clients are given, and how they tell what became of it: one JSON object on standard output.

const need = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

export const world = {
  url: need("GRAPH_URL"),          // what stands before "/v25.0"
  version: "v25.0",
  token: need("GRAPH_TOKEN"),
  phone: need("GRAPH_PHONE"),
  account: need("GRAPH_ACCOUNT"),
  inbound: need("GRAPH_INBOUND"),  // the id of a message to us
  customer: need("GRAPH_CUSTOMER"),  // who wrote it
  template: need("GRAPH_TEMPLATE"),  // the name of one with a variable in its body
  secret: need("GRAPH_SECRET"),    // of the webhooks below
  webhooks: JSON.parse(need("GRAPH_WEBHOOKS")),  // [{body, signature}]
};

const recipients = Number(need("GRAPH_RECIPIENTS"));  // the first of as many numbers as there are kinds

/** Runs every job, in its order. A send's job gives Meta's answer; it is told with its recipient. */
export async function run({ before = {}, sends, others }) {
  const out = { sent: {}, done: {} };
  let nth = 0;
  for (const [name, job] of Object.entries(before)) out.done[name] = await job();
  for (const [kind, send] of Object.entries(sends)) {
    const to = `+${recipients + nth++}`;
    const answer = await send(to);
    out.sent[kind] = { to, id: answer.messages?.[0]?.id, answer };
  }
  for (const [name, job] of Object.entries(others)) out.done[name] = await job();
  process.stdout.write(JSON.stringify(out));
}

export const file = () => new Blob(["%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"], { type: "application/pdf" });
