//! vestibule.toml: text in, checked settings out, every problem at once
