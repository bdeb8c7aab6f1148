// The two pages of the provider that a person sees: a form that asks who they are, and consent,
// which is given without asking.

const page = (uid) => `<!doctype html><html lang="en"><title>Sign in</title><h1>Sign in</h1>
<form method="post" action="/interaction/${uid}">
<label>Name <input name="login" autocomplete="off"></label><button>Continue</button></form>`;

const body = async (request) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
};

const consent = async (provider, { grantId, params, prompt, session }) => {
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(" "));
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
  for (const [indicator, scopes] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(indicator, scopes.join(" "));
  }
  return { consent: { grantId: await grant.save() } };
};

// Handles every request below /interaction/.
export const interactions = (provider) => async (request, response) => {
  try {
    const interaction = await provider.interactionDetails(request, response);
    const merge = { mergeWithLastSubmission: true };
    if (interaction.prompt.name === "consent") {
      const result = await consent(provider, interaction);
      return await provider.interactionFinished(request, response, result, merge);
    }
    if (request.method !== "POST") {
      response.setHeader("content-type", "text/html; charset=utf-8");
      return response.end(page(interaction.uid));
    }
    const accountId = (await body(request)).get("login");
    const result = accountId
      ? { login: { accountId } }
      : { error: "access_denied", error_description: "the person said no" };
    return await provider.interactionFinished(request, response, result, merge);
  } catch (error) {
    response.statusCode = 400;
    return response.end(String(error.error_description ?? error));
  }
};
