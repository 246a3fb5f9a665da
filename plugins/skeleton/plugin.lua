-- @NAME@: hooks for mailtailor's plugin lua
--
-- {{ @NAME@.greeting }}       a greeting, and the contact's first name
-- {{ "text" | @NAME@_loud }}  TEXT!
--
-- mailtailor-lua(7) says what else there is. The greeting may be set in the configuration:
-- plugin "lua" { set = {"@NAME@.greeting=Dear"} }

mailtailor.value("@NAME@", function(contact)
  local greeting = mailtailor.param("@NAME@.greeting", "Hello")
  return {greeting = greeting .. " " .. (contact.first_name or "")}
end)

mailtailor.filter("@NAME@_loud", function(text)
  return (text or ""):upper() .. "!"
end)
