-- What finding the rows of one secret needs: each entry about it says what they are from then on.
CREATE INDEX identity_secret ON identity(secret_id);
