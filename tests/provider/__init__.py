"""The provider's rules without the engine: handlers on stores in memory, and the server with protobuf messages."""
