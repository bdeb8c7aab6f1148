//! Why a provider's documents can't be had or used, as a finding: told when it happens, so that nobody has to sign in
//! first.

use vestibule_diagnosis::evidence::Settings;
use vestibule_diagnosis::{Evidence, Finding};

use super::of;
use crate::provider::{Provider, ProviderError};

/// What it shows that there are no documents.
pub(crate) fn of_documents(error: &ProviderError, provider: &Provider) -> Vec<Finding> {
    let mut seen = Evidence::default();
    error.witness(Some(provider), &mut seen);
    let mut known = Evidence::default();
    let mut settings = Settings::default();
    settings.provider = Some(provider.described());
    known.settings = Some(settings);
    known.metadata = provider.documented();
    of(seen, known)
}
