# What is installed, and the Debian package of it: script/package.
# Absolute folders outside of /usr are Debian's: /etc for settings, /lib/systemd/system for a package's units.
set(FLOWSELL_PACKAGE_CONTACT "FlowSell Connect <connect@flowsell.invalid>" CACHE STRING "Maintainer of the package")
set(package_files ${PROJECT_SOURCE_DIR}/deploy)
set(made ${CMAKE_BINARY_DIR}/package)
set(doc_folder share/doc/connectd)

# package_man(PROGRAM SECTION "what it is"): a manual page of what --help says.
set(man_pages "")
function(package_man program section purpose)
  set(page ${made}/${program}.${section})
  add_custom_command(OUTPUT ${page}.gz
    COMMAND env -i PATH=$ENV{PATH} "SOURCE_DATE_EPOCH=$$SOURCE_DATE_EPOCH" help2man --no-info --no-discard-stderr
      --section=${section} "--name=${purpose}" "--version-string=${program} ${PROJECT_VERSION}" "--source=FlowSell Connect"
      --output=${page} $<TARGET_FILE:${program}>
    COMMAND gzip -9nf ${page}
    DEPENDS ${program} VERBATIM)
  set(man_pages ${man_pages} ${page}.gz PARENT_SCOPE)
  install(FILES ${page}.gz DESTINATION share/man/man${section})
endfunction()
package_man(connectd 8 "gateway between applications and messaging channels")
package_man(connect-sim 1 "WhatsApp Cloud API on a local port, for tests")

add_custom_command(OUTPUT ${made}/changelog.gz
  COMMAND python3 ${package_files}/deb/changelog.py ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${made}/changelog.gz
    ${PROJECT_VERSION} ${FLOWSELL_PACKAGE_CONTACT}
  DEPENDS ${package_files}/deb/changelog.py ${PROJECT_SOURCE_DIR}/CHANGELOG.md VERBATIM)
add_custom_target(package_docs DEPENDS ${man_pages} ${made}/changelog.gz)

# What is resolved at the start can't be overwritten later.
foreach(program IN ITEMS connectd connect-sim)
  target_link_options(${program} PRIVATE -Wl,-z,now)
endforeach()
install(TARGETS connectd connect-sim RUNTIME DESTINATION bin)
install(FILES deploy/systemd/connectd.service DESTINATION /lib/systemd/system)
install(FILES deploy/config/connectd.toml DESTINATION /etc/connectd PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
install(FILES deploy/deb/copyright deploy/README.md docs/configuration.md docs/errors.md openapi/openapi.yaml
  ${made}/changelog.gz DESTINATION ${doc_folder})
install(FILES deploy/deb/lintian-overrides DESTINATION share/lintian/overrides RENAME connectd)

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # a package needs two programs, not the tests
set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_NAME connectd)
set(CPACK_PACKAGE_CONTACT ${FLOWSELL_PACKAGE_CONTACT})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, tzdata")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "gateway between applications and messaging channels
One API for customer communication channels; WhatsApp Business is the first.
An application sends messages, receives replies and statuses as signed
webhooks, and never sees a provider's token. What is accepted is on disk;
message content is routed, not kept.
.
connect-sim is a faithful WhatsApp Cloud API on a local port, for tests.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${package_files}/deb/conffiles ${package_files}/deb/postinst
  ${package_files}/deb/prerm ${package_files}/deb/postrm)
include(CPack)
