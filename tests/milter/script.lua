-- SPDX-License-Identifier: BSD-2-Clause
--
-- Runs one script; miltertest by itself says nothing about an error in it.
done, message = pcall(dofile, script)
if not done then
	mt.echo(tostring(message))
	error(message)
end
