"""The server: its kit (app, errors, sign-in, policy of content), the match API, the face of HMA, the console."""
