//! The real program against real providers, browsers and servers
