// @kapso/whatsapp-cloud-api: the base URL is an option of its own.

import { WhatsAppClient, buildTemplateSendPayload } from "@kapso/whatsapp-cloud-api";
import { normalizeWebhook, verifySignature } from "@kapso/whatsapp-cloud-api/server";

import { file, run, world } from "./jobs.mjs";

const client = new WhatsAppClient({ accessToken: world.token, baseUrl: world.url, graphVersion: world.version });
const { messages, templates, media, phoneNumbers } = client;
const phoneNumberId = world.phone;
const businessAccountId = world.account;

const link = "https://example.com/a.jpg";
const sends = {
  text: (to) => messages.sendText({ phoneNumberId, to, body: "See https://example.com", previewUrl: true }),
  image: (to) => messages.sendImage({ phoneNumberId, to, image: { link, caption: "A" } }),
  video: (to) => messages.sendVideo({ phoneNumberId, to, video: { id: "1037543291543636", caption: "A" } }),
  audio: (to) => messages.sendAudio({ phoneNumberId, to, audio: { id: "1037543291543637" } }),
  document: (to) => messages.sendDocument({ phoneNumberId, to, document: { link, filename: "a.pdf", caption: "A" } }),
  sticker: (to) => messages.sendSticker({ phoneNumberId, to, sticker: { link: "https://example.com/a.webp" } }),
  location: (to) => messages.sendLocation({ phoneNumberId, to, location: { latitude: 18.5, longitude: 73.8, name: "Shop", address: "Street 1" } }),
  contacts: (to) => messages.sendContacts({ phoneNumberId, to, contacts: [
    { name: { formattedName: "Ana Diaz", firstName: "Ana" }, phones: [{ phone: "+919876500000", type: "WORK" }] }] }),
  reaction: (to) => messages.sendReaction({ phoneNumberId, to, reaction: { messageId: world.inbound, emoji: "👍" } }),
  template: (to) => messages.sendTemplate({ phoneNumberId, to, template: buildTemplateSendPayload({
    name: world.template, language: "en_US", body: [{ type: "text", text: "A-1001" }] }) }),
  interactive_button: (to) => messages.sendInteractiveButtons({ phoneNumberId, to, bodyText: "Yes?", footerText: "Shop",
    header: { type: "text", text: "Delivery" }, buttons: [{ id: "yes", title: "Yes" }, { id: "no", title: "No" }] }),
  interactive_list: (to) => messages.sendInteractiveList({ phoneNumberId, to, bodyText: "Which?", buttonText: "Open",
    sections: [{ title: "S", rows: [{ id: "a", title: "A", description: "D" }] }] }),
  interactive_cta_url: (to) => messages.sendInteractiveCtaUrl({ phoneNumberId, to, bodyText: "Dates",
    parameters: { displayText: "Open", url: "https://example.com" } }),
  // Its own sendInteractiveLocationRequest() adds what Meta has no such field for.
  interactive_location_request_message: (to) => messages.sendInteractiveRaw({ phoneNumberId, to, interactive: {
    type: "location_request_message", body: { text: "Where?" }, action: { name: "send_location" } } }),
  interactive_catalog_message: (to) => messages.sendInteractiveCatalogMessage({ phoneNumberId, to, bodyText: "All",
    parameters: { thumbnailProductRetailerId: "SKU-1" } }),
  interactive_product: (to) => messages.sendInteractiveProduct({ phoneNumberId, to, bodyText: "This", catalogId: "1", productRetailerId: "SKU-1" }),
  interactive_product_list: (to) => messages.sendInteractiveProductList({ phoneNumberId, to, bodyText: "These", catalogId: "1",
    header: { type: "text", text: "All" }, sections: [{ title: "S", productItems: [{ productRetailerId: "SKU-1" }] }] }),
  interactive_flow: (to) => messages.sendInteractiveFlow({ phoneNumberId, to, bodyText: "Book", parameters: {
    flowId: "1234567890", flowCta: "Book", flowToken: "t", flowAction: "navigate", flowActionPayload: { screen: "S", data: { a: 1 } } } }),
  interactive_carousel: (to) => messages.sendInteractiveCarousel({ phoneNumberId, to, bodyText: "Choose", cards: [0, 1].map((cardIndex) => ({
    cardIndex, header: { type: "image", image: { link } }, bodyText: "Card", action: { type: "cta_url", displayText: "View", url: "https://example.com" } })) }),
};

const before = {
  makes_a_template: () => templates.create({ businessAccountId, name: world.template, language: "en_US", category: "UTILITY",
    components: [{ type: "BODY", text: "Your order {{1}} is ready now.", example: { body_text: [["A-1"]] } }] }),
};
const others = {
  lists_templates: async () => (await templates.list({ businessAccountId, limit: 10 })).data.map((each) => each.name),
  deletes_a_template: () => templates.delete({ businessAccountId, name: world.template }),
  marks_as_read: () => messages.markRead({ phoneNumberId, messageId: world.inbound, typingIndicator: { type: "text" } }),
  changes_the_profile: () => phoneNumbers.businessProfile.update({ phoneNumberId, about: "We deliver" }),
  reads_the_profile: async () => (await phoneNumbers.businessProfile.get({ phoneNumberId })).data[0].about,
  parses_webhooks: async () => world.webhooks.map(({ body, signature }) => ({
    verified: verifySignature({ appSecret: world.secret, rawBody: body, signatureHeader: signature }),
    forged: verifySignature({ appSecret: "another", rawBody: body, signatureHeader: signature }),
    told: normalizeWebhook(JSON.parse(body)),
  })),
};
others.uploads_media = async () => {
  const { id } = await media.upload({ phoneNumberId, type: "application/pdf", file: file(), fileName: "a.pdf" });
  const shown = await media.get({ mediaId: id, phoneNumberId });
  const bytes = await media.download({ mediaId: id, phoneNumberId, auth: "always" });
  const sent = await messages.sendDocument({ phoneNumberId, to: "+919811399999", document: { id, filename: "a.pdf" } });
  const gone = await media.delete({ mediaId: id, phoneNumberId });
  return { shown, size: bytes.byteLength, sent: sent.messages[0].id, gone };
};
others.meets_an_error = async () => {
  try {
    await messages.sendText({ phoneNumberId, to: "+1555131031", body: "x" });
    return null;
  } catch (error) {
    return { code: error.code, category: error.category };
  }
};

await run({ before, sends, others });
