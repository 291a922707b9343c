// whatsapp-api-js: its address is fixed, and its `ponyfill.fetch` is its own way to send requests elsewhere.

import { WhatsAppAPI } from "whatsapp-api-js";
import {
  ActionButtons, ActionCTA, ActionList, ActionLocation, Audio, Body, BodyComponent, BodyParameter, Button,
  Document, Footer, Header, Image, Interactive, Language, ListSection, Location, Reaction, Row, Sticker,
  Template, Text, URLComponent, Video,
} from "whatsapp-api-js/messages";

import { file, run, world } from "./jobs.mjs";

const elsewhere = (url, options) => fetch(String(url).replace("https://graph.facebook.com", world.url), options);
const api = new WhatsAppAPI({ token: world.token, appSecret: world.secret, v: world.version, ponyfill: { fetch: elsewhere } });

const link = "https://example.com/a.jpg";
const kinds = {
  text: () => new Text("See https://example.com", true),
  image: () => new Image(link, false, "A"),
  video: () => new Video("1037543291543636", true, "A"),
  audio: () => new Audio("1037543291543637", true),
  document: () => new Document(link, false, "A", "a.pdf"),
  sticker: () => new Sticker("https://example.com/a.webp", false),
  location: () => new Location(73.8, 18.5, "Shop", "Street 1"),
  // Its Contacts of 6.3.0 is sent as {"component": [...]}, which Meta does not take.
  reaction: () => new Reaction(world.inbound, "👍"),
  template: () => new Template(world.template, new Language("en_US"), new BodyComponent(new BodyParameter("A-1001"))),
  interactive_button: () => new Interactive(new ActionButtons(new Button("yes", "Yes"), new Button("no", "No")),
    new Body("Yes?"), new Header("Delivery"), new Footer("Shop")),
  interactive_list: () => new Interactive(new ActionList("Open", new ListSection("S", new Row("a", "A", "D"))), new Body("Which?")),
  interactive_cta_url: () => new Interactive(new ActionCTA("Open", "https://example.com"), new Body("Dates")),
  interactive_location_request_message: () => new Interactive(new ActionLocation(), new Body("Where?")),
};
const sends = Object.fromEntries(Object.entries(kinds).map(([kind, make]) =>
  [kind, (to) => api.sendMessage(world.phone, { phone: to }, make(), undefined, "order-42")]));

const others = {
  marks_as_read: () => api.markAsRead(world.phone, world.inbound, "text"),
  makes_a_code: async () => {
    const { code } = await api.createQR(world.phone, "Hello there", "PNG");
    const shown = await api.retrieveQR(world.phone, code);
    const gone = await api.deleteQR(world.phone, code);
    return { shown, gone };
  },
  blocks_somebody: () => api.blockUser(world.phone, { phone: world.customer }),
  parses_webhooks: async () => {
    const told = [];
    api.on.message = ({ from, message, name }) => told.push({ from, message, name });
    api.on.status = ({ id, status, biz_opaque_callback_data }) => told.push({ id, status, biz_opaque_callback_data });
    for (const { body, signature } of world.webhooks) await api.post(JSON.parse(body), body, signature);
    let forged = "taken";
    try {
      await api.post(JSON.parse(world.webhooks[0].body), world.webhooks[0].body, "sha256=" + "0".repeat(64));
    } catch (error) {
      forged = "refused";
    }
    return { told, forged };
  },
};
others.uploads_media = async () => {
  const form = new FormData();
  form.set("file", file(), "a.pdf");
  form.set("type", "application/pdf");
  form.set("messaging_product", "whatsapp");
  const { id } = await api.uploadMedia(world.phone, form);
  const shown = await api.retrieveMedia(id, world.phone);
  const bytes = await (await api.fetchMedia(shown.url)).arrayBuffer();
  const gone = await api.deleteMedia(id, world.phone);
  return { shown, size: bytes.byteLength, gone };
};
others.meets_an_error = async () => {
  const answer = await api.sendMessage(world.phone, { phone: "+1555131031" }, new Text("x"));
  return { code: answer.error.code };
};

await run({ sends, others });
