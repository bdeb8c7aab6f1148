// The certified provider `oidc-provider`, as an ordinary company might run it: it knows nothing of
// Vestibule. Settings are one JSON argument, events are JSON lines on standard output.
//
// Settings: { port, redirect_uris, post_logout_redirect_uris, access_token_seconds, jwks,
//             refresh_delay_millis (how long the answer to a refresh takes),
//             backchannel_logout_uri, backchannel_logout_session_required, revocation,
//             pkce (whether clients must use it), people: { NAME: { id_token, userinfo } } (more claims of a
//             person, with the scope `profile`; those of user info are the same unless it says otherwise) }
// Events:   ready, grant { grant_type }, signed_out, told { client }, not_told { error }, revoked { grant },
//           refused { error }

import { setDefaultResultOrder } from "node:dns";
import { createServer } from "node:http";
import { once } from "node:events";
import Provider, { errors } from "oidc-provider";
import { interactions } from "./interactions.mjs";

const settings = { port: 0, access_token_seconds: 600, ...JSON.parse(process.argv[2] ?? "{}") };
const tell = (event, data = {}) => process.stdout.write(JSON.stringify({ event, ...data }) + "\n");

// The format of an access token is the resource server's choice, never the client's.
const resources = {
  "https://jwt.example.com": "jwt",
  "https://opaque.example.com": "opaque",
};

const client = (client_id, token_endpoint_auth_method) => ({
  client_id,
  client_secret: token_endpoint_auth_method === "none" ? undefined : `secret of ${client_id}: +/&%?=`,
  token_endpoint_auth_method,
  redirect_uris: settings.redirect_uris,
  post_logout_redirect_uris: settings.post_logout_redirect_uris ?? [],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  ...(settings.backchannel_logout_uri && {
    backchannel_logout_uri: settings.backchannel_logout_uri,
    backchannel_logout_session_required: settings.backchannel_logout_session_required ?? false,
  }),
});

// The program listens on 127.0.0.1, and is called `localhost`.
setDefaultResultOrder("ipv4first");

// The issuer must be known before the provider is made, so the port comes first.
const server = createServer();
server.listen(settings.port, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;

const delay = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

const people = settings.people ?? {};
const more_claims = Object.values(people).flatMap((person) => Object.values(person).flatMap(Object.keys));

const provider = new Provider(issuer, {
  clients: [
    client("basic", "client_secret_basic"),
    client("post", "client_secret_post"),
    client("public", "none"),
    { ...client("signed", "client_secret_basic"), userinfo_signed_response_alg: "RS256" },
  ],
  jwks: settings.jwks,
  cookies: { keys: ["a key for cookies of a provider that lives for one test"] },
  pkce: { required: () => settings.pkce ?? true },
  scopes: ["openid", "offline_access", "profile", "email", "groups"],
  claims: {
    openid: ["sub"],
    profile: ["name", "preferred_username", ...new Set(more_claims)],
    email: ["email", "email_verified"],
    groups: ["groups"],
  },
  // The certified default: profile claims come from user info when a code is used.
  conformIdTokenClaims: settings.claims_in_user_info_only ?? false,
  findAccount: (_context, id) => ({
    accountId: id,
    claims: (use) => ({
      sub: id,
      name: `Person ${id}`,
      preferred_username: `${id}@example.com`,
      email: `${id}@example.com`,
      email_verified: true,
      groups: id === "admin" ? ["staff", "admins"] : ["staff"],
      ...(people[id]?.[use] ?? people[id]?.id_token),
    }),
  }),
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  // It refuses to call loopback addresses, and here everybody is on one.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  rotateRefreshToken: true,
  issueRefreshToken: (_context, _client, code) => code.scopes.has("offline_access"),
  ttl: {
    AccessToken: settings.access_token_seconds,
    AuthorizationCode: 60,
    Grant: 3600,
    IdToken: 3600,
    Interaction: 600,
    RefreshToken: 3600,
    Session: 3600,
  },
  features: {
    devInteractions: { enabled: false },
    jwtUserinfo: { enabled: true },
    backchannelLogout: { enabled: settings.backchannel_logout_uri !== undefined },
    revocation: { enabled: settings.revocation ?? false },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (context, form) => {
        context.body = `<!doctype html><title>Sign out?</title>${form}
          <button form="op.logoutForm" name="logout" value="yes">Yes</button>`;
      },
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_context, _client, oneOf) => oneOf,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, indicator) => {
        const accessTokenFormat = resources[indicator];
        if (accessTokenFormat === undefined) throw new errors.InvalidTarget();
        return {
          scope: "read write",
          audience: indicator,
          accessTokenFormat,
          accessTokenTTL: settings.access_token_seconds,
          jwt: { sign: { alg: "RS256" } },
        };
      },
    },
  },
});

provider.use(async (context, next) => {
  await next();
  const refreshed = context.oidc?.params?.grant_type === "refresh_token";
  if (refreshed && settings.refresh_delay_millis) await delay(settings.refresh_delay_millis);
});

provider.on("grant.success", (context) => tell("grant", { grant_type: context.oidc.params.grant_type }));
provider.on("end_session.success", () => tell("signed_out"));
provider.on("backchannel.success", (_context, client) => tell("told", { client: client.clientId }));
provider.on("backchannel.error", (_context, error) => tell("not_told", { error: `${error}: ${error.cause}` }));
provider.on("grant.revoked", (_context, grant) => tell("revoked", { grant }));
for (const name of ["authorization.error", "grant.error", "end_session.error", "server_error"]) {
  provider.on(name, (_context, error) => {
    tell("refused", { at: name, error: String(error.error_description ?? error) });
  });
}

const callback = provider.callback();
const interact = interactions(provider);
server.on("request", (request, response) => {
  if (request.url.startsWith("/interaction/")) interact(request, response);
  else callback(request, response);
});
tell("ready", { issuer, port: server.address().port });
