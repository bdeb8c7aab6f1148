//! Session records, sealing, cookies and the store contract, without I/O
