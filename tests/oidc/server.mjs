// Two identity providers on free ports of 127.0.0.1, and a door through which a test steers them. Prints one line of
// JSON with their places when all listen; ends with its standard input.
//
// `provider`: the npm package oidc-provider, certified by the OpenID Foundation, as it is: only the page on which people
// would type their password answers by itself, with the account that the test has chosen.
// `faulty`: says in its ID tokens whatever the test wants, which the other can't be made to do. Under /tenants/ it is one of many tenants, as
// Microsoft is: which one a token is from, the account's claims say (iss, tid).
import http from 'node:http';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import * as jose from 'jose';
import Provider from 'oidc-provider';

const accounts = new Map(); // id: claims
let chosen = null; // the account that signs in next

async function newKey() {
  const { privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
  return { ...(await jose.exportJWK(privateKey)), kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

async function listen(handler) {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

async function bodyOf(request) {
  let text = '';
  for await (const part of request) text += part;
  return text;
}

function answer(response, status, value, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

// --- the certified one ---

let certified; // {provider, handler}
const issuer = await listen((request, response) => {
  if (request.url.startsWith('/interaction/')) {
    interact(request, response).catch((error) => answer(response, 500, { error: String(error) }));
  } else {
    certified.handler(request, response);
  }
});

function makeCertified(keys) {
  const provider = new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: ['of the test only'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false }, registration: { enabled: true } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) }),
  });
  return { provider, handler: provider.callback() };
}

/** Signs in and consents, or says no, as the test has chosen. */
async function interact(request, response) {
  const { provider } = certified;
  const { params, prompt, session } = await provider.interactionDetails(request, response);
  if (chosen === null) {
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  }
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: chosen } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const grantId = await grant.save();
  return provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
}

// --- the faulty one ---

const faults = { claims: {}, header: {}, signer: null, iss: undefined };
const codes = new Map(); // code: {nonce, client_id}
const OF_TENANTS = '/tenants'; // below it, it is a provider of many tenants, as Microsoft is
const faultyKey = await newKey();
const strangeKey = await newKey();
const publicHalf = ({ kty, n, e, kid, alg, use }) => ({ kty, n, e, kid, alg, use });

const faulty = await listen(async (request, response) => {
  const url = new URL(request.url, faulty);
  const isOfTenants = url.pathname.startsWith(OF_TENANTS);
  if (url.pathname.endsWith('/.well-known/openid-configuration')) {
    return answer(response, 200, {
      issuer: isOfTenants ? `${faulty}${OF_TENANTS}/{tenantid}/v2.0` : faulty,
      authorization_endpoint: `${faulty}/authorize`,
      token_endpoint: `${faulty}/token`,
      jwks_uri: isOfTenants ? `${faulty}${OF_TENANTS}/keys` : `${faulty}/keys`,
      id_token_signing_alg_values_supported: ['RS256'],
    });
  }
  if (url.pathname === '/authorize') {
    const code = randomUUID();
    codes.set(code, { nonce: url.searchParams.get('nonce'), client_id: url.searchParams.get('client_id') });
    const back = new URL(url.searchParams.get('redirect_uri'));
    back.searchParams.set('code', code);
    back.searchParams.set('state', url.searchParams.get('state'));
    if (faults.iss !== undefined) back.searchParams.set('iss', faults.iss);
    response.writeHead(303, { Location: back.href });
    return response.end();
  }
  if (url.pathname === `${OF_TENANTS}/keys`) {
    return answer(response, 200, { keys: [{ ...publicHalf(faultyKey), issuer: `${faulty}${OF_TENANTS}/{tenantid}/v2.0` }] });
  }
  if (url.pathname === '/keys') return answer(response, 200, { keys: [publicHalf(faultyKey)] });
  const form = new URLSearchParams(await bodyOf(request));
  const known = codes.get(form.get('code'));
  codes.delete(form.get('code'));
  if (!known) return answer(response, 400, { error: 'invalid_grant' });
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: faulty, sub: chosen, aud: known.client_id, exp: now + 300, iat: now, nonce: known.nonce,
    ...accounts.get(chosen), ...faults.claims,
  };
  const key = faults.signer === 'stranger' ? { ...strangeKey, kid: faultyKey.kid } : faultyKey;
  const token = await new jose.SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid, ...faults.header })
    .sign(await jose.importJWK(key, 'RS256'));
  return answer(response, 200, { access_token: 'access', token_type: 'Bearer', id_token: token });
});

// --- the door for the test ---

const control = await listen(async (request, response) => {
  const body = JSON.parse((await bodyOf(request)) || 'null');
  if (request.url === '/account') {
    accounts.set(body.id, body.claims);
  } else if (request.url === '/choose') {
    chosen = body;
  } else if (request.url === '/rotate') {
    certified = makeCertified([await newKey()]);
  } else if (request.url === '/faults') {
    Object.assign(faults, { claims: {}, header: {}, signer: null, iss: undefined }, body);
  } else {
    return answer(response, 404, {});
  }
  return answer(response, 200, {});
});

certified = makeCertified([await newKey()]);
console.log(JSON.stringify({ issuer, faulty, control }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
