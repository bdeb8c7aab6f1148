//! The proxy: sockets, TLS, HTTP, stores, provider and upstream calls
