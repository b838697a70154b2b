// Runs in every Jest worker before the tests: they read `.env.test` and never meet development data.
process.env['APP_ENV'] = 'testing'
