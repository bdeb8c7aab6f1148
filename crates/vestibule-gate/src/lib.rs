//! The decision on one request: read, route, authenticate, authorize, headers
