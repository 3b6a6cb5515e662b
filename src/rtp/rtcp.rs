//! Reads what receivers say, writes what a sender says: RTCP.
