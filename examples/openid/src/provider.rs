//! The provider: where a sign-in begins, and what its end tells of the user.

use std::time::Duration;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreProviderMetadata,
    CoreTokenResponse,
};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse,
};
use resourceful::BoxError;
use resourceful::prelude::*;
use tokio::sync::RwLock;

use crate::{Callback, User};

/// A sign-in that has begun.
#[derive(Deserialize, Serialize)]
pub(crate) struct Attempt {
    /// Binds the callback to this browser.
    state: CsrfToken,
    /// Binds the ID token to this sign-in.
    nonce: Nonce,
    /// Binds the code to this sign-in.
    verifier: PkceCodeVerifier,
}

impl Attempt {
    pub(crate) fn state(&self) -> &str {
        self.state.secret()
    }
}

pub(crate) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect: RedirectUrl,
    http: reqwest::Client,
    /// Endpoints and keys of the provider. They are fetched at the first sign-in, and when a key is unknown.
    metadata: RwLock<Option<CoreProviderMetadata>>,
}

/// The endpoints that the metadata name.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Provider {
    pub(crate) fn new(
        issuer: String,
        client_id: String,
        client_secret: String,
        redirect: String,
    ) -> Result<Self> {
        let http = reqwest::Client::builder()
            // A redirect could lead a request with our secret to another host.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(5))
            .build();
        Ok(Self {
            issuer: IssuerUrl::new(issuer).map_err(Error::internal)?,
            client_id: ClientId::new(client_id),
            client_secret: ClientSecret::new(client_secret),
            redirect: RedirectUrl::new(redirect).map_err(Error::internal)?,
            http: http.map_err(Error::internal)?,
            metadata: RwLock::default(),
        })
    }

    /// The address for the browser, and what the callback is compared with.
    pub(crate) async fn begin(&self) -> Result<(String, Attempt)> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(self.metadata().await?);
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (address, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let attempt = Attempt {
            state,
            nonce,
            verifier,
        };
        Ok((address.into(), attempt))
    }

    /// The user who has signed in.
    pub(crate) async fn complete(&self, attempt: Attempt, callback: Callback) -> Result<User> {
        if callback.state.as_deref() != Some(attempt.state()) {
            return Err(refused("the state is another one"));
        }
        // RFC 9207: the response of another issuer.
        if callback
            .iss
            .is_some_and(|issuer| issuer != *self.issuer.as_str())
        {
            return Err(refused("the response is of another issuer"));
        }
        let Some(code) = callback.code else {
            return Err(refused("the provider has refused the sign-in"));
        };
        let metadata = self.metadata().await?;
        let tokens = self.exchange(&metadata, code, attempt.verifier).await?;
        let Some(token) = tokens.id_token() else {
            return Err(refused("the provider has sent no ID token"));
        };
        let claims = match self.verify(metadata, token, &attempt.nonce) {
            // The provider has a new key.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                self.verify(self.discover().await?, token, &attempt.nonce)
            }
            other => other,
        };
        let claims = claims.map_err(refused)?;
        let name = claims.name().and_then(|name| name.get(None));
        Ok(User {
            sub: claims.subject().to_string(),
            name: name.map(|name| name.to_string()),
        })
    }

    async fn exchange(
        &self,
        metadata: &CoreProviderMetadata,
        code: String,
        verifier: PkceCodeVerifier,
    ) -> Result<CoreTokenResponse> {
        let client = self.client(metadata.clone());
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(Error::internal)?
            .set_pkce_verifier(verifier);
        let http = self.http.clone();
        let send = move |request| send(http.clone(), request);
        let tokens = request.request_async(&send).await;
        tokens.map_err(|error| match error {
            RequestTokenError::ServerResponse(_) => refused(error),
            _ => unavailable(error),
        })
    }

    /// Checks signature, issuer, audience, times and nonce of an ID token.
    fn verify(
        &self,
        metadata: CoreProviderMetadata,
        token: &CoreIdToken,
        nonce: &Nonce,
    ) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
        let client = self.client(metadata);
        token.claims(&client.id_token_verifier(), nonce).cloned()
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata> {
        if let Some(metadata) = &*self.metadata.read().await {
            return Ok(metadata.clone());
        }
        self.discover().await
    }

    async fn discover(&self) -> Result<CoreProviderMetadata> {
        let (issuer, http) = (self.issuer.clone(), self.http.clone());
        let send = move |request| send(http.clone(), request);
        let metadata = CoreProviderMetadata::discover_async(issuer, &send).await;
        let metadata = metadata.map_err(unavailable)?;
        *self.metadata.write().await = Some(metadata.clone());
        Ok(metadata)
    }

    fn client(&self, metadata: CoreProviderMetadata) -> Client {
        let (id, secret) = (self.client_id.clone(), self.client_secret.clone());
        CoreClient::from_provider_metadata(metadata, id, Some(secret))
            .set_redirect_uri(self.redirect.clone())
    }
}

async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = http.execute(request.try_into()?).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut copy = HttpResponse::new(response.bytes().await?.to_vec());
    *copy.status_mut() = status;
    *copy.headers_mut() = headers;
    Ok(copy)
}

/// The log has the reason: it would help those who forge callbacks.
fn refused(reason: impl Into<BoxError>) -> Error {
    Error::bad_request("The sign-in has failed. Please sign in again.").with_source(reason)
}

fn unavailable(error: impl Into<BoxError>) -> Error {
    Error::unavailable(Duration::from_secs(5)).with_source(error)
}
