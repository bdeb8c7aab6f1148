//! Why a token or a sign-in does not work, and what to change
