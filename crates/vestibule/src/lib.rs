//! Sign-in with Microsoft Entra ID or any OpenID Connect provider in front of any web app or API
