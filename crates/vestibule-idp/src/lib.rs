//! A local identity provider that behaves like Microsoft Entra ID, for laptops and tests
