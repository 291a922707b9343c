"use strict";
(() => {
  const config = JSON.parse(document.getElementById("config").textContent);
  const byId = (id) => document.getElementById(id);
  const GRACE_MS = 3000;        // for the message, once the code is here
  const POLL_MS = 1500;
  const WINDOW_LOOK_MS = 700;

  // Steps of the server's, in words.
  const STEPS = {
    permission: "Meta's permission", token: "Permission checked", account: "Account found",
    numbers: "Phone numbers found", subscription: "Messages arranged for", callback: "Delivery address set",
    registration: "Number registered with WhatsApp", history: "Contacts and history asked for",
  };

  // What only a browser knows.
  const LOCAL = {
    popup_blocked: {
      title: "Your browser blocked Meta's window",
      detail: "Meta's sign-up opens in a window of its own, and your browser did not allow it.",
      fix: "Allow pop-up windows for this page, usually by the symbol in the address bar, and press Connect again.",
      next: "sign_up" },
    window_closed: {
      title: "Meta's window was closed",
      detail: "We have not heard from Meta yet.",
      fix: "If you had not finished, press Connect again. If you had, wait a moment: this page goes on by itself.",
      next: "sign_up" },
    script_blocked: {
      title: "Meta's part of this page could not be loaded",
      detail: "A content blocker, or your network, keeps this page from loading Meta's script.",
      fix: "Switch off content blockers for this page, or use another browser, and load the page again.",
      next: "reload" },
    no_code: {
      title: "Meta gave no permission",
      detail: "Meta's window ended without giving this page a permission.",
      fix: "Press Connect again and go through all of Meta's steps.",
      next: "sign_up" },
    cookies: {
      title: "Your browser refuses this page's cookie",
      detail: "One cookie is needed to be sure that it is you who goes on.",
      fix: "Allow cookies for this page, and load it again.",
      next: "reload" },
    too_many: {
      title: "Too many attempts",
      detail: "Too much was asked from your network in a short time.",
      fix: "Wait a minute, and load the page again.",
      next: "reload" },
    gone: {
      title: "This link is not valid any more",
      detail: "It was used, taken back, or its time is over.",
      fix: "Ask who sent it to you for a new one.",
      next: "nothing" },
    offline: {
      title: "No connection to our server",
      detail: "Your computer or phone could not reach our server.",
      fix: "Check your connection and try again. Nothing is lost.",
      next: "connect" },
  };

  let isHeard = false;            // the message is here and with the server
  let isHeardOf = () => {};       // tells who waits for it
  let sent = Promise.resolve();   // posts, one after the other
  let popup = null;
  let codeIsHere = false;
  let isConnecting = false;
  let isScriptMissing = false;

  // --- the server ---

  class Refused extends Error {
    constructor(local) { super(local); this.local = local; }
  }

  async function call(method, path, body) {
    const options = { method, credentials: "same-origin", cache: "no-store", headers: { "Connect-Page": config.page_token } };
    if (body !== undefined) {
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    let answer;
    try {
      answer = await fetch(config.base + path, options);
    } catch {
      throw new Refused("offline");
    }
    if (answer.ok) return answer.json();
    if (answer.status === 403) throw new Refused("cookies");
    if (answer.status === 404) throw new Refused("gone");
    if (answer.status === 429) throw new Refused("too_many");
    if (answer.status === 409) return call("GET", "/status");
    throw new Refused("offline");
  }

  // --- what is shown ---

  function show(...ids) {
    for (const id of ["begin", "progress", "pin-form", "actions", "done"]) byId(id).hidden = !ids.includes(id);
  }

  function say(failure) {
    const notice = byId("notice");
    notice.hidden = !failure;
    if (!failure) return;
    notice.className = failure.code === "pin_needed" ? "notice" : "notice bad";
    notice.dataset.code = failure.code || "";
    byId("notice-title").textContent = failure.title;
    byId("notice-words").textContent = failure.detail;
    byId("notice-fix").textContent = failure.fix;
    const numbers = byId("notice-numbers");
    numbers.hidden = !failure.provider;
    if (failure.provider) {
      numbers.textContent = "Meta's error " + failure.provider.code +
        (failure.provider.subcode ? "/" + failure.provider.subcode : "") +
        (failure.provider.trace_id ? ", trace " + failure.provider.trace_id : "");
    }
    notice.focus();
  }

  function sayLocal(name) {
    const failure = { code: name, ...LOCAL[name] };
    offer(failure, true);
  }

  function offer(failure, hasNothing) {
    say(failure);
    byId("retry").hidden = failure.next !== "connect";
    byId("restart").hidden = hasNothing || !["connect", "pin"].includes(failure.next);
    const isPin = failure.next === "pin";
    if (failure.next === "sign_up") show("begin");
    else if (isPin) show("pin-form", "actions");
    else show("actions");
    if (failure.next === "sign_up") readyToBegin("Connect again");
    byId("pin").value = "";
  }

  function showSteps(status) {
    const list = byId("steps");
    list.replaceChildren();
    const steps = [{ name: "permission", state: "done" }, ...status.steps];
    let isNowFound = false;
    for (const step of steps) {
      const isOpen = step.state === "pending" && status.state === "connecting";
      const item = document.createElement("li");
      item.textContent = STEPS[step.name] || step.name;
      item.className = isOpen && !isNowFound ? "now" : step.state;
      if (isOpen) isNowFound = true;
      if (step.state !== "skipped") list.append(item);
    }
  }

  function showDone(status) {
    show("done");
    say(null);
    byId("title").textContent = "All done";
    const account = status.account;
    const parts = account ? [account.business_name, ...account.numbers].filter(Boolean) : [];
    byId("done-account").textContent = parts.join(" · ");
    const back = byId("return");
    back.hidden = !status.return_url;
    byId("close-page").hidden = Boolean(status.return_url);
    if (status.return_url) {
      back.href = status.return_url;
      back.textContent = "Go back to " + new URL(status.return_url).host;
    }
    byId("done").focus();
  }

  function readyToBegin(words) {
    const isOauth = config.way === "oauth";
    byId("connect").hidden = isOauth;
    byId("oauth").hidden = !isOauth;
    byId("waiting").hidden = true;
    // Who comes from a failure has read it.
    byId("intro").hidden = Boolean(words);
    if (words && isOauth) byId("oauth").textContent = words;
    if (words && !isOauth) byId("connect").textContent = words;
  }

  function render(status) {
    document.body.dataset.state = status.state;
    if (["expired", "revoked"].includes(status.state)) return sayLocal("gone");
    if (status.state === "done") return showDone(status);
    if (status.state === "connecting" || status.state === "signed_up") {
      say(null);
      show("progress");
      showSteps(status);
      byId("live").textContent = "Connecting your account.";
      return undefined;
    }
    if (isScriptMissing) return sayLocal("script_blocked");
    if (status.failure) return offer({ ...status.failure }, false);
    say(null);
    show("begin");
    return readyToBegin();
  }

  const attempt = (work) => work().catch((error) => {
    if (!(error instanceof Refused)) throw error;
    sayLocal(error.local);
  });

  // --- the steps behind the consent ---

  async function connect(pin) {
    if (isConnecting) return;
    isConnecting = true;
    const look = setInterval(() => call("GET", "/status").then((status) => {
      if (isConnecting) render(status);
    }).catch(() => {}), POLL_MS);
    try {
      render({ state: "connecting", steps: [] });
      render(await call("POST", "/steps", pin === undefined ? {} : { pin }));
    } finally {
      isConnecting = false;
      clearInterval(look);
    }
  }

  /// Of another tab, or of a page that was closed meanwhile.
  async function goOn(status) {
    render(status);
    if (status.state !== "connecting" && status.state !== "signed_up") return;
    if (!status.busy) {
      await connect();
      return;
    }
    setTimeout(() => attempt(async () => goOn(await call("GET", "/status"))), POLL_MS);
  }

  // --- Embedded Signup ---

  function isMetas(origin) {
    if (config.message_origin) return origin === config.message_origin;
    let url;
    try { url = new URL(origin); } catch { return false; }
    return url.protocol === "https:" && url.port === "" &&
      (url.hostname === "facebook.com" || url.hostname.endsWith(".facebook.com"));
  }

  function signupMessage(data) {
    if (typeof data !== "string") return null;
    try {
      const message = JSON.parse(data);
      return message && message.type === "WA_EMBEDDED_SIGNUP" && typeof message.event === "string" ? message : null;
    } catch {
      return null;
    }
  }

  function post(path, body) {
    const next = sent.then(() => call("POST", path, body));
    sent = next.catch(() => {});
    return next;
  }

  function hear(event) {
    if (!isMetas(event.origin)) return;
    const message = signupMessage(event.data);
    if (!message || isHeard) return;
    isHeard = true;
    const isEnd = message.event === "CANCEL" || message.event === "ERROR";
    const posted = post("/message", { message: event.data });
    isHeardOf();
    if (isEnd && !codeIsHere) attempt(async () => render(await posted));
    else posted.catch(() => {});
  }

  function messageOrGrace() {
    if (isHeard) return Promise.resolve();
    return new Promise((resolve) => {
      isHeardOf = resolve;
      setTimeout(resolve, GRACE_MS);
    });
  }

  async function takeCode(code) {
    codeIsHere = true;
    // At once, whatever else is under way: it is good for 30 seconds.
    const status = await call("POST", "/code", { code });
    if (status.state !== "signed_up") {
      await goOn(status);
      return;
    }
    render(status);
    await messageOrGrace();
    await sent;
    await connect();
  }

  function loginEnded(answer) {
    const code = answer && answer.authResponse && answer.authResponse.code;
    if (code) {
      attempt(() => takeCode(code));
      return;
    }
    if (popup === null) {
      sayLocal("popup_blocked");
      return;
    }
    // A message that says why may still be under way.
    setTimeout(() => { if (!isHeard) sayLocal("no_code"); }, 1000);
  }

  function watchWindow() {
    const watched = popup;
    const look = setInterval(() => {
      if (popup !== watched || codeIsHere || isHeard) { clearInterval(look); return; }
      if (!watched || !watched.closed) return;
      clearInterval(look);
      setTimeout(() => { if (popup === watched && !codeIsHere && !isHeard) sayLocal("window_closed"); }, 2000);
    }, WINDOW_LOOK_MS);
  }

  function signUp() {
    isHeard = false;
    codeIsHere = false;
    popup = null;
    say(null);
    if (!window.FB) {
      sayLocal("script_blocked");
      return;
    }
    byId("waiting").hidden = false;
    byId("live").textContent = "Meta's window is open.";
    const extras = { setup: {} };
    if (config.coexistence) extras.featureType = "whatsapp_business_app_onboarding";
    const request = { response_type: "code", override_default_response_type: true, extras };
    if (config.config_id) request.config_id = config.config_id;
    window.FB.login(loginEnded, request);
    watchWindow();
  }

  function loadScript() {
    // The only way to know whether the browser let it open a window.
    const open = window.open;
    window.open = (...given) => {
      popup = open.apply(window, given);
      return popup;
    };
    window.fbAsyncInit = () => window.FB.init({
      appId: config.app_id, autoLogAppEvents: false, xfbml: false, cookie: false, version: config.api_version });
    const script = document.createElement("script");
    script.src = config.sdk_url;
    script.async = true;
    if (!config.message_origin) script.crossOrigin = "anonymous";
    script.onerror = () => {
      isScriptMissing = true;
      if (!byId("begin").hidden) sayLocal("script_blocked");
    };
    document.head.append(script);
    window.addEventListener("message", hear);
  }

  // --- the page ---

  byId("connect").addEventListener("click", signUp);
  byId("retry").addEventListener("click", () => attempt(async () => {
    const status = await call("GET", "/status");
    if (status.failure && status.failure.next === "connect") await connect();
    else await goOn(status);
  }));
  byId("restart").addEventListener("click", () => attempt(async () => render(await call("POST", "/restart", {}))));
  byId("pin-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const pin = byId("pin").value.trim();
    const isPin = /^[0-9]{6}$/.test(pin);
    byId("pin-fault").textContent = isPin ? "" : "A PIN has 6 digits.";
    if (isPin) attempt(() => connect(pin));
    else byId("pin").focus();
  });

  if (config.way === "embedded_signup") loadScript();
  attempt(async () => goOn(await call("POST", "/visit", {})));
})();
